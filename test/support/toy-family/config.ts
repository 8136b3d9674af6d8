import { configFields, configTable } from '../../../src/models/index.ts';

const { count, probability } = configFields;

const fields = {
  vocabSize: count('how many different tokens there are'),
  contextLength: count('how many tokens the model sees at once', 16),
  embDim: count('the width', 32),
  nHeads: count('attention heads in each block', 2),
  nLayers: count('blocks', 2),
  hiddenDim: count('how wide the feed-forward network is inside', 64),
  dropRate: probability('probability of dropout', 0),
};

export const toyConfig = configTable('Toy', fields);
export type ToyConfig = ReturnType<typeof toyConfig.complete>;
export type ToyOptions = Parameters<typeof toyConfig.complete>[0];
