import { exportOnnx } from '../disk/export-onnx.ts';
import { saveGguf, savePretrained, saveWeights } from '../disk/pretrained.ts';
import type { LanguageModel, TensorLayout } from '../models/index.ts';
import { addedBiases } from '../models/lay-out.ts';
import { ggufForm, huggingFaceForm } from '../models/registry.ts';
import type { PretrainedToSave } from '../pretrained/save-options.ts';
import type { Tokenizer } from '../tokenizer/index.ts';

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

/** What is written. */
export interface ModelToConvert extends PretrainedToSave {
  tokenizer: Tokenizer;
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
  /** Where the weights stand in it, if it names them. */
  layout?(model: LanguageModel): TensorLayout;
  /** Completely or not at all. */
  write(path: string, toSave: ModelToConvert, options: ConvertOptions): Promise<void>;
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
    layout({ architecture, config }) {
      const form = ggufForm(architecture);
      return form.layout(config, form.writeConfig(config).architecture);
    },
    write: (path, toSave, { types, ...options }) =>
      saveGguf(path, toSave, { ...byTensor(options), type: ggufTypes[types[0]!] }),
  },
  {
    form: 'safetensors',
    summary: 'one file with only the weights, under the names Hugging Face has for them',
    names: { pattern: /\.safetensors$/i, look: 'name.safetensors' },
    types: ['f32'],
    layout: huggingFaceLayout,
    write: (path, { model }, options) => saveWeights(path, model, byTensor(options)),
  },
  {
    form: 'hf',
    summary: "a folder in Hugging Face's layout: configuration, weights, tokenizer",
    // What ends like the file of another program is a mistake rather than a folder.
    names: { pattern: /^(?!.*\.(bin|ckpt|ggml|h5|json|npz|onnx|pkl|pt|pth|txt|zip)$)/is, look: 'folder' },
    types: ['f32'],
    layout: huggingFaceLayout,
    write: (path, toSave, options) => savePretrained(path, toSave, byTensor(options)),
  },
  {
    form: 'onnx',
    summary: 'a folder with an ONNX model, for transformers.js in Node and in browsers',
    types: typesOf(onnxTypes),
    takesSeveral: true,
    write: (path, toSave, { types, overwrite, onProgress }) =>
      exportOnnx(path, toSave, {
        dtypes: types.map((type) => onnxTypes[type as keyof typeof onnxTypes]),
        overwrite,
        onProgress: (dtype) => onProgress(`the weights as ${dtype}`),
      }),
  },
];

function huggingFaceLayout({ architecture, config }: LanguageModel): TensorLayout {
  return huggingFaceForm(architecture).layout(config);
}

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
export function whatChanges({ model, tokenizer }: ModelToConvert, { form, layout }: ConvertTarget): string[] {
  const changes: string[] = [];
  const biases = layout ? addedBiases(model, layout(model)) : [];
  if (biases.length > 0) {
    changes.push(`This form has biases in ${biases.join(', ')}; as the model has none, they are zeros.`);
  }
  const isPadded = model.config.vocabSize > tokenizer.vocabSize;
  if (form === 'gguf' && tokenizer.kind === 'char' && !isPadded) {
    changes.push('llama.cpp always has a token that ends a text; as the vocabulary has none, it is a rare character.');
  }
  return changes;
}
