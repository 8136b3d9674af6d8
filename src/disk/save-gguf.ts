import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureString } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import { type MetadataToWrite, uint32, type WritableType } from '../formats/gguf/index.ts';
import { GGML_TYPES } from '../formats/gguf/tensor-types.ts';
import type { PublishedTensor } from '../models/index.ts';
import { layOut } from '../models/lay-out.ts';
import { ggufForm } from '../models/registry.ts';
import { ggufTokenizer } from '../pretrained/gguf-tokenizer/index.ts';
import {
  ensureFits,
  type PretrainedToSave,
  type SaveOptions,
  saveOptionNames,
  withProgress,
} from '../pretrained/save-options.ts';
import { writeGguf } from './gguf.ts';

export interface GgufOptions extends SaveOptions {
  /**
   * How to store the matrices: as float32, in half precision, or as integers of 8 or 4 bits with a scale for every 32. With `Q4_0` the token
   * embedding and the output head keep 8 bits, because every logit depends on them. Defaults to `F32`.
   */
  type?: WritableType;
  /** The model's name. */
  name?: string;
}

const ggufOptions: OptionNames<GgufOptions> = { type: true, name: true, ...saveOptionNames };

/** `general.file_type`: the type of most tensors. */
const fileTypes: Record<WritableType, number> = { F32: 0, F16: 1, Q4_0: 2, Q8_0: 7 };

/**
 * Writes a model as a GGUF file for llama.cpp and programs built on it, completely or not at all: a GPT-2 or a model of the Llama family, with its
 * tokenizer and chat template. Norms, biases and positions stay float32.
 *
 * The format does not store dropout, and of the tokens that end a text at most three. A GPT-2 always has biases for query, key and value there: zeros
 * if the model has none.
 *
 * @throws TsgptError if llama.cpp does not support the model or tokenizer, or the file cannot be written
 */
export async function saveGguf(path: string, toSave: PretrainedToSave, options: GgufOptions = {}): Promise<void> {
  const { type = 'F32', name } = knownOptions('saveGguf', options, ggufOptions);
  ensureString('saveGguf', 'the path', path);
  ensureFits(toSave);
  ensure(
    Object.hasOwn(fileTypes, type),
    () => `type must be one of ${Object.keys(fileTypes).join(', ')}, but is ${describeValue(type)}`,
  );
  const { model, tokenizer, chatTemplate } = toSave;
  const form = ggufForm(model.family);
  const { architecture, hyperparameters } = form.writeConfig(model.config);
  const tensors = layOut(model, form.layout(model.config, architecture));
  const { vocabSize } = model.config;
  const [eot, eom] = otherStopTokens(toSave);
  const metadata: Record<string, MetadataToWrite> = {
    'general.architecture': architecture,
    'general.type': 'model',
    ...(name !== undefined && { 'general.name': name }),
    'general.file_type': uint32(fileTypes[type]),
    ...(type.startsWith('Q') && { 'general.quantization_version': uint32(2) }),
    ...prefixed(`${architecture}.`, hyperparameters),
    ...(tokenizer ? ggufTokenizer(tokenizer, vocabSize) : { 'tokenizer.ggml.model': 'none' }),
    ...(eot !== undefined && { 'tokenizer.ggml.eot_token_id': uint32(eot) }),
    ...(eom !== undefined && { 'tokenizer.ggml.eom_token_id': uint32(eom) }),
    ...(chatTemplate !== undefined && { 'tokenizer.chat_template': chatTemplate }),
  };
  const toWrite = withProgress(tensors, options).map(({ name, shape, make }) => ({
    name,
    shape,
    type: typeOf({ name, shape }, type),
    data: async () => make(),
  }));
  await writeGguf(path, { metadata, tensors: toWrite });
}

/** The tokens that end a text besides the tokenizer's own; the format has a place for two: the ends of a turn and of a message. */
const otherStopTokens = ({ model, tokenizer, stopTokens = [] }: PretrainedToSave) =>
  [...new Set(stopTokens)].filter((id) => id !== tokenizer?.endOfTextId && id < model.config.vocabSize);

/** The tokens that end a text, but have no place in a GGUF file. */
export function stopTokensLeftOut(toSave: PretrainedToSave): number[] {
  return otherStopTokens(toSave).slice(2);
}

/** The matrices with a row for every token. */
const vocabularyTensors = ['token_embd.weight', 'output.weight'];

/** The type that llama.cpp's own converter chooses: small tensors stay float32, and rows that are not whole blocks become half precision. */
function typeOf({ name, shape }: Pick<PublishedTensor, 'name' | 'shape'>, type: WritableType): WritableType {
  if (shape.length < 2 || name === 'position_embd.weight') return 'F32';
  const wanted = type === 'Q4_0' && vocabularyTensors.includes(name) ? 'Q8_0' : type;
  return shape.at(-1)! % GGML_TYPES[wanted].blockElements === 0 ? wanted : 'F16';
}

function prefixed<T>(prefix: string, record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [prefix + key, value]));
}
