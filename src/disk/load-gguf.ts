import { ensure, TsgptError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import type { GgufMetadata, GgufReader } from '../formats/gguf/index.ts';
import type { GgufArchitecture } from '../models/gguf-form.ts';
import { Hyperparameters } from '../models/gguf-hyperparameters.ts';
import { gpt2Architecture } from '../models/gpt2/gguf.ts';
import { llamaArchitecture } from '../models/llama/gguf.ts';
import type { PretrainedConfig } from '../models/read-config.ts';
import { readGgufTokenizer } from '../pretrained/gguf-tokenizer/index.ts';
import type { Tokenizer } from '../tokenizer/index.ts';
import { openGguf } from './gguf.ts';
import type { LoadOptions, Pretrained } from './load-pretrained.ts';
import { quantizedModel } from './quantized-cache.ts';

/** llama.cpp's architectures that can be read, by what `general.architecture` calls them. */
const architectures: Record<string, GgufArchitecture> = {
  gpt2: gpt2Architecture,
  llama: llamaArchitecture,
  qwen2: llamaArchitecture,
  qwen3: llamaArchitecture,
};

/**
 * Loads a model with its tokenizer and chat template from a GGUF file, llama.cpp's format. Quantised weights become float32.
 *
 * Throws one clear sentence if the file is damaged, if its architecture, a type of its numbers or its kind of tokenizer is not supported, or
 * if its parts do not fit each other.
 */
export async function loadGguf(path: string, { forDecoder }: LoadOptions = {}): Promise<Pretrained> {
  return withReader(path, async (reader) => {
    const { metadata } = reader;
    const { modelType, form, config } = await readConfig(reader);
    const tokenizer = readGgufTokenizer(metadata);
    const { vocabSize } = config;
    ensure(
      !tokenizer || tokenizer.vocabSize <= vocabSize,
      () => `its tokenizer has ${tokenizer?.vocabSize} tokens, but its model only ${vocabSize}`,
    );
    const load = () => form.load(config, reader, modelType);
    const { quantize, cacheFolder } = forDecoder ?? {};
    const quantizable = { architecture: form.architecture, config, files: [path], load };
    const model = quantize ? await quantizedModel(quantizable, quantize, cacheFolder) : await load();
    const stopTokens = readStopTokens(metadata, tokenizer).filter((id) => id < vocabSize);
    const template = 'tokenizer.chat_template';
    const chatTemplate = metadata.has(template) ? metadata.string(template) : undefined;
    return { model, tokenizer, modelType, chatTemplate, stopTokens };
  });
}

/** Tokens that end a turn, as models are known to write them. */
const turnEnds = ['<|eot_id|>', '<|eom_id|>', '<|im_end|>', '<|end|>', '<end_of_turn>'];

function readStopTokens(metadata: GgufMetadata, tokenizer: Tokenizer | undefined): number[] {
  const roles = ['eot', 'eom'].map((role) => metadata.number(`tokenizer.ggml.${role}_token_id`, -1));
  const named = roles.filter((id) => id >= 0);
  if (named.length > 0) return named;
  // Some files do not say which of their tokens do.
  const written = turnEnds.filter((token) => tokenizer?.specialTokens?.includes(token));
  return written.flatMap((token) => tokenizer!.encode(token, { allowSpecial: true }));
}

/** What model a GGUF file holds; of its weights nothing is read. Throws as {@link loadGguf} does. */
export async function readGgufConfig(path: string): Promise<PretrainedConfig> {
  return withReader(path, async (reader) => {
    const { modelType, form, config } = await readConfig(reader);
    return { modelType, architecture: form.architecture, config };
  });
}

async function readConfig(reader: GgufReader) {
  const parts = reader.metadata.number('split.count', 1);
  ensure(parts <= 1, () => {
    const part = reader.metadata.number('split.no', 0) + 1;
    return `it is part ${part} of the ${parts} of a model; join them with llama.cpp's llama-gguf-split --merge`;
  });
  const modelType = reader.metadata.string('general.architecture');
  const known = Object.keys(architectures).join(', ');
  ensure(
    Object.hasOwn(architectures, modelType),
    () => `models of the architecture ${printable(modelType)} are not supported; supported are: ${known}`,
  );
  const form = architectures[modelType]!;
  const config = await form.readConfig(new Hyperparameters(modelType, reader), reader);
  return { modelType, form, config: config as PretrainedConfig['config'] };
}

/** Does something with an open file; what goes wrong is told with its path. */
async function withReader<T>(path: string, use: (reader: GgufReader) => Promise<T>): Promise<T> {
  await using reader = await openGguf(path);
  try {
    return await use(reader);
  } catch (cause) {
    // A RangeError is an array too large to be.
    if (!(cause instanceof TsgptError || cause instanceof RangeError)) throw cause;
    if (cause.message.includes(path)) throw cause;
    throw new TsgptError(`cannot load ${path}: ${cause.message}`, { cause });
  }
}
