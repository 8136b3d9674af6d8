import { exportOnnx } from '../disk/export-onnx.ts';
import { saveGguf, savePretrained, saveWeights, type WeightDtype } from '../disk/pretrained.ts';
import { stopTokensLeftOut } from '../disk/save-gguf.ts';
import type { LanguageModel, TensorLayout } from '../models/index.ts';
import { addedBiases } from '../models/lay-out.ts';
import { ggufForm, huggingFaceForm } from '../models/registry.ts';
import type { PretrainedToSave } from '../pretrained/save-options.ts';
import { formatInteger } from './format.ts';

/**
 * How weights are stored: as floating-point numbers of 32 or 16 bits, or, as with `--quantize`, as integers of 8 or 4 bits with a scale for
 * every 32.
 */
export const weightTypes = ['f32', 'f16', 'bf16', 'q8', 'q4'] as const;
export type WeightType = (typeof weightTypes)[number];

export interface ConvertOptions {
  /** One of the target's types, or several if it takes several. */
  types: readonly WeightType[];
  /** The model's name. */
  name: string;
  overwrite: boolean;
  /** Called before each part is written, with the part's description. If it throws, writing stops. */
  onProgress: (part: string) => void;
}

/** The model to write. */
export interface ModelToConvert extends PretrainedToSave {
  /** Why it has no tokenizer, if it has none. */
  tokenizerProblem?: string | undefined;
}

/** A format to write models in. */
export interface ConvertTarget {
  /** Its name for `--to`. */
  form: string;
  summary: string;
  /** The target names that choose this format without `--to`, and an example; undefined if `--to` is needed. */
  names?: { pattern: RegExp; look: string };
  /** How weights can be stored; the first is the default. */
  types: readonly WeightType[];
  /** Whether it can store the weights as several types side by side. Defaults to false. */
  takesSeveral?: boolean;
  /** The names and layouts of its weights, if it has its own. */
  layout?(model: LanguageModel): TensorLayout;
  /** Writes the model, completely or not at all. */
  write(path: string, toSave: ModelToConvert, options: ConvertOptions): Promise<void>;
}

/** The names that the target programs have for the types. */
const safetensorsTypes = { f32: 'F32', f16: 'F16', bf16: 'BF16' } as const;
const ggufTypes = { f32: 'F32', f16: 'F16', q8: 'Q8_0', q4: 'Q4_0' } as const;
const onnxTypes = { f32: 'fp32', q8: 'q8', q4: 'q4' } as const;

/** The formats; the first whose pattern matches the name is used. A new one is one more entry. */
export const convertTargets: readonly ConvertTarget[] = [
  {
    form: 'gguf',
    summary: 'one file with the tokenizer, for llama.cpp and programs built on it',
    names: { pattern: /\.gguf$/i, look: 'name.gguf' },
    types: typesOf(ggufTypes),
    layout({ family, config }) {
      const form = ggufForm(family);
      return form.layout(config, form.writeConfig(config).architecture);
    },
    write: (path, toSave, { types, ...options }) =>
      saveGguf(path, toSave, {
        ...byTensor(options),
        name: options.name,
        type: ggufTypes[types[0] as keyof typeof ggufTypes],
      }),
  },
  {
    form: 'safetensors',
    summary: "one file with only the weights, under Hugging Face's names",
    names: { pattern: /\.safetensors$/i, look: 'name.safetensors' },
    types: typesOf(safetensorsTypes),
    layout: huggingFaceLayout,
    write: (path, { model }, options) => saveWeights(path, model, { ...byTensor(options), dtype: dtypeOf(options) }),
  },
  {
    form: 'hf',
    summary: "a folder in Hugging Face's layout: configuration, weights, tokenizer",
    // A name with an ending is that of a file, unless there is such a folder, which then ends with a slash here; `model-1.5` has none.
    names: { pattern: /^(?!.*\.[a-z]\w*$)/is, look: 'folder' },
    types: typesOf(safetensorsTypes),
    layout: huggingFaceLayout,
    write: (path, toSave, options) =>
      savePretrained(path, toSave, { ...byTensor(options), dtype: dtypeOf(options), overwrite: options.overwrite }),
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

function huggingFaceLayout({ family, config }: LanguageModel): TensorLayout {
  return huggingFaceForm(family).layout(config);
}

function dtypeOf({ types }: ConvertOptions): WeightDtype {
  return safetensorsTypes[types[0] as keyof typeof safetensorsTypes];
}

function typesOf<Type extends WeightType>(names: Readonly<Record<Type, string>>): readonly Type[] {
  return Object.keys(names) as Type[];
}

/** Tells the progress of a function that writes tensor by tensor. */
function byTensor({ onProgress }: Pick<ConvertOptions, 'onProgress'>) {
  const tellTensor = ({ tensors, total }: { tensors: number; total: number }) =>
    onProgress(`tensor ${tensors + 1} of ${total}`);
  return { onProgress: tellTensor };
}

/** What differs in the written model, in sentences. */
export function whatChanges(
  { model, tokenizer, tokenizerProblem, stopTokens }: ModelToConvert,
  { form, layout }: ConvertTarget,
): string[] {
  const changes: string[] = [];
  const { vocabSize } = model.config;
  const biases = layout ? addedBiases(model, layout(model)) : [];
  if (biases.length > 0) {
    changes.push(`This format has biases in ${biases.join(', ')}; the model has none, so they are zeros.`);
  }
  const { slidingWindow } = model.config as { slidingWindow?: number };
  if (form === 'gguf' && slidingWindow !== undefined) {
    changes.push(
      `llama.cpp computes this model without its sliding window, and so something else for texts of more than ${slidingWindow} tokens.`,
    );
  }
  if (!tokenizer) {
    if (form !== 'safetensors') changes.push(`Written without a tokenizer: ${tokenizerProblem}.`);
    return changes;
  }
  if (form === 'gguf') {
    const names = stopTokensLeftOut({ model, tokenizer, stopTokens }).map((id) => tokenizer.decode([id]) || id);
    if (names.length > 0)
      changes.push(`GGUF names at most three tokens that end a text; left out: ${names.join(', ')}.`);
  }
  if (form === 'gguf' && tokenizer.vocabSize > vocabSize) {
    changes.push(
      `GGUF lists only the model's ${formatInteger(vocabSize)} tokens; those that the tokenizer has beyond them are left out.`,
    );
  }
  const isPadded = vocabSize > tokenizer.vocabSize;
  if (form === 'gguf' && tokenizer.kind === 'char' && !isPadded) {
    changes.push(
      'llama.cpp needs a token that ends a text; the vocabulary has none, so a rare character takes its place.',
    );
  }
  return changes;
}
