import { exportOnnx } from '../disk/export-onnx.ts';
import { saveGguf, savePretrained, saveWeights } from '../disk/pretrained.ts';
import { GPT2 } from '../models/index.ts';
import type { OpenedModel } from './open-model.ts';

/** How weights are stored: in so many bits, as floating-point numbers or, as with `--quantize`, integers with a scale for every 32. */
export const weightTypes = ['f32', 'f16', 'q8', 'q4'] as const;
export type WeightType = (typeof weightTypes)[number];

export interface ConvertOptions {
  /** Some of the target's types: one, unless it takes several. */
  types: readonly WeightType[];
  /** What the model is called. */
  name: string;
  overwrite: boolean;
  /** Called before each part is written, with what it is. What it throws ends the writing. */
  onProgress: (part: string) => void;
}

/** A form that models are written in. */
export interface ConvertTarget {
  /** What `--to` calls it. */
  form: string;
  summary: string;
  /** The names that mean this form where `--to` says nothing, and how they look; without, it must be asked for. */
  names?: { pattern: RegExp; look: string };
  /** How weights can be stored; the first unless told otherwise. */
  types: readonly WeightType[];
  /** Whether it can hold the weights in several types side by side. */
  takesSeveral?: boolean;
  /** Completely or not at all. */
  write(path: string, opened: OpenedModel, options: ConvertOptions): Promise<void>;
}

/** What the programs for whom we write call the types. */
const ggufTypes = { f32: 'F32', f16: 'F16', q8: 'Q8_0', q4: 'Q4_0' } as const;
const onnxTypes = { f32: 'fp32', q8: 'q8', q4: 'q4' } as const;

/** The forms; the first that matches a name is taken. A new one is one more entry. */
export const convertTargets: readonly ConvertTarget[] = [
  {
    form: 'gguf',
    summary: 'one file with the tokenizer, for llama.cpp and what is built on it',
    names: { pattern: /\.gguf$/i, look: 'name.gguf' },
    types: typesOf(ggufTypes),
    write: (path, opened, { types, ...options }) =>
      saveGguf(path, opened, { ...byTensor(options), type: ggufTypes[types[0]!] }),
  },
  {
    form: 'safetensors',
    summary: 'one file with only the weights, under the names Hugging Face has for them',
    names: { pattern: /\.safetensors$/i, look: 'name.safetensors' },
    types: ['f32'],
    write: (path, { model }, options) => saveWeights(path, model, byTensor(options)),
  },
  {
    form: 'hf',
    summary: "a folder in Hugging Face's layout: configuration, weights, tokenizer",
    // What ends like the file of another program is a mistake rather than a folder.
    names: { pattern: /^(?!.*\.(bin|ckpt|ggml|h5|json|npz|onnx|pkl|pt|pth|txt|zip)$)/is, look: 'folder' },
    types: ['f32'],
    write: (path, opened, options) => savePretrained(path, opened, byTensor(options)),
  },
  {
    form: 'onnx',
    summary: 'a folder with an ONNX model, for transformers.js in Node and in browsers',
    types: typesOf(onnxTypes),
    takesSeveral: true,
    write: (path, opened, { types, overwrite, onProgress }) =>
      exportOnnx(path, opened, {
        dtypes: types.map((type) => onnxTypes[type as keyof typeof onnxTypes]),
        overwrite,
        onProgress: (dtype) => onProgress(`the weights as ${dtype}`),
      }),
  },
];

function typesOf<Type extends WeightType>(names: Readonly<Record<Type, string>>): readonly Type[] {
  return Object.keys(names) as Type[];
}

/** The options of what writes one tensor after the other. */
function byTensor<T extends Pick<ConvertOptions, 'onProgress'>>({ onProgress, ...options }: T) {
  const tellTensor = ({ tensors, total }: { tensors: number; total: number }) =>
    onProgress(`tensor ${tensors + 1} of ${total}`);
  return { ...options, onProgress: tellTensor };
}

/** What is not the same afterwards, in sentences. */
export function whatChanges({ model, tokenizer }: OpenedModel, { form }: ConvertTarget): string[] {
  const changes: string[] = [];
  // An ONNX model is the computation itself; the other forms only name one.
  if (form !== 'onnx' && model instanceof GPT2 && !model.config.qkvBias) {
    changes.push('This form gives queries, keys and values biases; as the model has none, they are zeros.');
  }
  const isPadded = model.config.vocabSize > tokenizer.vocabSize;
  if (form === 'gguf' && tokenizer.kind === 'char' && !isPadded) {
    changes.push('llama.cpp always has a token that ends a text; as the vocabulary has none, it is a rare character.');
  }
  return changes;
}
