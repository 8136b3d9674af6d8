import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensure, TsgptError } from '../core/errors.ts';
import type { Quantization } from '../generate/index.ts';
import type { LanguageModel, WeightSource } from '../models/index.ts';
import { familyOf, type PretrainedConfig, readHuggingFaceConfig } from '../models/read-config.ts';
import { chatTemplateIn, stopTokensIn } from '../pretrained/conversation-files.ts';
import {
  type HuggingFaceTokenizerFiles,
  huggingFaceTokenizerFiles,
  readHuggingFaceTokenizer,
  type Tokenizer,
} from '../tokenizer/index.ts';
import { loadGguf, readGgufConfig } from './load-gguf.ts';
import { quantizedModel } from './quantized-cache.ts';
import { openSafetensorsFolder } from './safetensors.ts';
import { inPlace } from './weights-in-place.ts';

/** A published model, ready to generate or to be trained further. */
export interface Pretrained {
  model: LanguageModel;
  /** Undefined if there are no files of one in the folder. */
  tokenizer: Tokenizer | undefined;
  /** The family as Hugging Face calls it. */
  modelType: string;
  /** The Jinja template by which it was trained to hold conversations, if it was. */
  chatTemplate: string | undefined;
  /** Further tokens that end a text, beside the tokenizer's own. */
  stopTokens: readonly number[];
}

export interface LoadOptions {
  /**
   * The model is only for a `Decoder`: its weights are left in their files, or are quantized and kept in a cache; see `loadDecoder`. The
   * model's own operations, such as training it, then have no weights to work on.
   */
  forDecoder?: { quantize?: Quantization; cacheFolder?: string };
}

/**
 * Loads a model from a folder as it is published on the Hugging Face Hub: `config.json`, `model.safetensors` or its
 * shards, and for the tokenizer `tokenizer.json` or `vocab.json` and `merges.txt`, with `tokenizer_config.json`. A path
 * that ends in `.gguf` is that of a file in llama.cpp's format, which holds all of this.
 *
 * Throws one clear sentence if a file is missing or damaged, if the family or an option of it is not supported, or if the
 * files do not fit each other.
 */
export async function loadPretrained(folder: string, options: LoadOptions = {}): Promise<Pretrained> {
  if (isGgufPath(folder)) return loadGguf(folder, options);
  const config = await readPretrainedConfig(folder);
  const tokenizer = await loadTokenizer(folder, config);
  const model = await loadModel(folder, config, options);
  const conversation = await within(folder, () => readConversationFiles(folder));
  return { model, tokenizer, modelType: config.modelType, ...conversation };
}

/**
 * What model there is in a folder or a GGUF file, see {@link loadPretrained}, without its weights: of a folder only `config.json` is
 * read, of a GGUF file only the header. Throws as `loadPretrained` does.
 */
export async function readPretrainedConfig(folder: string): Promise<PretrainedConfig> {
  if (isGgufPath(folder)) return readGgufConfig(folder);
  const text = await readIfThere(join(folder, 'config.json'));
  ensure(
    text !== undefined,
    `there is no config.json in ${folder}; give the folder of a model in the layout of Hugging Face`,
  );
  return within(folder, () => readHuggingFaceConfig(parseJSON(text)));
}

/** Whether a path is that of a GGUF file. */
export function isGgufPath(path: string): boolean {
  return /\.gguf$/i.test(path);
}

async function loadTokenizer(folder: string, { config }: PretrainedConfig): Promise<Tokenizer | undefined> {
  const files: HuggingFaceTokenizerFiles = {};
  for (const name of huggingFaceTokenizerFiles) files[name] = await readIfThere(join(folder, name));
  const tokenizer = await within(folder, () => readHuggingFaceTokenizer(files));
  ensure(
    !tokenizer || tokenizer.vocabSize <= config.vocabSize,
    () =>
      `the files in ${folder} do not fit each other: the tokenizer has ${tokenizer?.vocabSize} tokens, ` +
      `but the model only ${config.vocabSize}`,
  );
  return tokenizer;
}

async function loadModel(
  folder: string,
  { modelType, architecture, config }: PretrainedConfig,
  { forDecoder }: LoadOptions,
): Promise<LanguageModel> {
  await using weights = await openSafetensorsFolder(folder);
  const load = (source: WeightSource) => familyOf(modelType).load(config, source);
  const files = Array.from(weights.tensors.keys(), (name) => weights.regionOf(name).path);
  return await within(folder, async () => {
    if (!forDecoder) return load(weights);
    const { quantize, cacheFolder } = forDecoder;
    if (!quantize) return load(await inPlace(weights));
    const quantizable = { architecture, config, files: [join(folder, 'config.json'), ...new Set(files)] };
    return quantizedModel({ ...quantizable, load: () => load(weights) }, quantize, cacheFolder);
  });
}

/** What the files beside the weights say about how texts and turns end. */
async function readConversationFiles(folder: string): Promise<Pick<Pretrained, 'chatTemplate' | 'stopTokens'>> {
  const names = ['chat_template.jinja', 'tokenizer_config.json', 'generation_config.json', 'config.json'];
  const [template, tokenizerConfig, generationConfig, config] = await Promise.all(
    names.map((name) => readIfThere(join(folder, name))),
  );
  const chatTemplate = template ?? chatTemplateIn(tokenizerConfig);
  // Older models have no file of their own for how they generate.
  const stopTokens =
    generationConfig === undefined
      ? stopTokensIn('config.json', config)
      : stopTokensIn('generation_config.json', generationConfig);
  return { chatTemplate, stopTokens };
}

/** Does what `read` does; what goes wrong is told with the place. */
async function within<T>(place: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    // A RangeError is an array too large to be.
    if (!(cause instanceof TsgptError || cause instanceof RangeError)) throw cause;
    throw new TsgptError(`cannot load ${place}: ${cause.message}`, { cause });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new TsgptError(`cannot read ${path}: ${message}`, { cause });
  }
}

function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TsgptError('config.json is not whole JSON; fetch it again', { cause });
  }
}
