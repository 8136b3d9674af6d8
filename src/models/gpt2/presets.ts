import { gpt2Config } from './config.ts';

const vocabSize = 50_257;

/** The four published sizes (Radford et al., 2019), as in the textbook: without biases of queries, keys and values. */
export const gpt2 = {
  small: gpt2Config.complete({ vocabSize, embDim: 768, nHeads: 12, nLayers: 12 }),
  medium: gpt2Config.complete({ vocabSize, embDim: 1024, nHeads: 16, nLayers: 24 }),
  large: gpt2Config.complete({ vocabSize, embDim: 1280, nHeads: 20, nLayers: 36 }),
  xl: gpt2Config.complete({ vocabSize, embDim: 1600, nHeads: 25, nLayers: 48 }),
};
