import type { Family } from '../../../src/models/index.ts';
import { type ToyConfig, toyConfig } from './config.ts';
import { toyGguf } from './gguf.ts';
import { toyHuggingFace } from './hugging-face.ts';
import { Toy } from './model.ts';

export { Toy };

/** A family that the library does not know: all that a program of one's own adds is in this folder. */
export const toyFamily: Family<ToyConfig> = {
  name: 'toy-relu',
  config: toyConfig,
  create: (config, random) => new Toy(config, random),
  huggingFace: toyHuggingFace,
  gguf: toyGguf,
};
