import { uint32 } from '../../../src/formats/gguf/index.ts';
import type { GgufForm } from '../../../src/models/index.ts';
import { type ToyConfig, toyConfig } from './config.ts';

const keys: Record<string, Exclude<keyof ToyConfig, 'dropRate' | 'vocabSize'>> = {
  context_length: 'contextLength',
  embedding_length: 'embDim',
  feed_forward_length: 'hiddenDim',
  block_count: 'nLayers',
  'attention.head_count': 'nHeads',
};

/** As llama.cpp might store it, with the rows of queries and keys upside down. */
export const toyGguf: GgufForm<ToyConfig> = {
  architectures: ['toy-relu'],
  async readConfig(hyperparameters) {
    const numbers = Object.entries(keys).map(([key, field]) => [field, hyperparameters.number(key)]);
    return toyConfig.parse({ vocabSize: hyperparameters.vocabSize, ...Object.fromEntries(numbers), dropRate: 0 });
  },
  writeConfig: (config) => ({
    architecture: 'toy-relu',
    hyperparameters: Object.fromEntries(Object.entries(keys).map(([key, field]) => [key, uint32(config[field])])),
  }),
  layout: ({ embDim }) => ({
    placeOf: (path) => ({
      name: path === 'tokenEmbedding.weight' ? 'token_embd.weight' : path.replace(/^blocks\./, 'blk.'),
      rowOf: /attention\.(query|key)\./.test(path) ? (row) => embDim - 1 - row : undefined,
    }),
  }),
};
