import { GPT2 } from '../models/index.ts';
import { saveGguf, savePretrained, saveWeights } from '../pretrained/index.ts';
import type { OpenedModel } from './open-model.ts';

export interface ConvertOptions {
  /** One of the target's types. */
  type: string;
  /** What the model is called. */
  name: string;
  overwrite: boolean;
  /** What it throws ends the writing. */
  onProgress: (progress: { tensors: number; total: number }) => void;
}

/** A form that models are written in. */
export interface ConvertTarget {
  /** For `--help`: what the name of such a target looks like, and what it is. */
  looks: string;
  summary: string;
  matches: RegExp;
  /** How weights can be stored; the first unless told otherwise. */
  types: readonly string[];
  /** Completely or not at all. */
  write(path: string, opened: OpenedModel, options: ConvertOptions): Promise<void>;
}

const ggufTypes = { f32: 'F32', f16: 'F16', q8_0: 'Q8_0', q4_0: 'Q4_0' } as const;

/** The forms; the first that matches a name is taken. A new one is one more entry. */
export const convertTargets: readonly ConvertTarget[] = [
  {
    looks: 'name.gguf',
    summary: 'one file with the tokenizer, for llama.cpp and what is built on it',
    matches: /\.gguf$/i,
    types: Object.keys(ggufTypes),
    write: (path, opened, { type, ...options }) =>
      saveGguf(path, opened, { ...options, type: ggufTypes[type as keyof typeof ggufTypes] }),
  },
  {
    looks: 'name.safetensors',
    summary: 'only the weights, under the names Hugging Face has for them',
    matches: /\.safetensors$/i,
    types: ['f32'],
    write: (path, { model }, options) => saveWeights(path, model, options),
  },
  {
    looks: 'folder',
    summary: "a folder in Hugging Face's layout: configuration, weights, tokenizer",
    // What ends like the file of another program is a mistake rather than a folder.
    matches: /^(?!.*\.(bin|ckpt|ggml|h5|json|npz|onnx|pkl|pt|pth|txt|zip)$)/is,
    types: ['f32'],
    write: (path, opened, options) => savePretrained(path, opened, options),
  },
];

/** What is not the same afterwards, in sentences. */
export function whatChanges({ model, tokenizer }: OpenedModel, { looks }: ConvertTarget): string[] {
  const changes: string[] = [];
  if (model instanceof GPT2 && !model.config.qkvBias) {
    changes.push('This form gives queries, keys and values biases; as the model has none, they are zeros.');
  }
  const isPadded = model.config.vocabSize > tokenizer.vocabSize;
  if (looks.endsWith('.gguf') && tokenizer.kind === 'char' && !isPadded) {
    changes.push('llama.cpp always has a token that ends a text; as the vocabulary has none, it is a rare character.');
  }
  return changes;
}
