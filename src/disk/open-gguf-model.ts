import { TsgptError } from '../core/errors.ts';
import { whileOpen } from '../core/while-open.ts';
import type { GgufMetadata } from '../formats/gguf/index.ts';
import { Hyperparameters } from '../models/gguf-hyperparameters.ts';
import type { LanguageModel, ModelDescription } from '../models/index.ts';
import { createLoaded } from '../models/load-weights.ts';
import { familyOfGguf } from '../models/registry.ts';
import { readGgufTokenizer } from '../pretrained/gguf-tokenizer/index.ts';
import type { Tokenizer } from '../tokenizer/index.ts';
import { GgufParts } from './gguf-parts.ts';
import { type ModelSource, readingFrom, type WeightPlace } from './model-source.ts';
import { inPlace } from './weights-in-place.ts';

/**
 * Opens a GGUF file, llama.cpp's format, which holds a model with its tokenizer and chat template; of a model in parts, any part. Quantized weights
 * become float32.
 */
export async function openGgufModel(path: string): Promise<ModelSource> {
  return withReader(path, async (reader) => {
    const { metadata, paths } = reader;
    const description = await readConfig(reader);
    const { vocabSize } = description.config;
    const { tokenizer, tokenizerProblem } = readTokenizer(path, metadata);
    const template = 'tokenizer.chat_template';
    return {
      path,
      ...description,
      tokenizer,
      tokenizerProblem,
      chatTemplate: metadata.has(template) ? metadata.string(template) : undefined,
      stopTokens: readStopTokens(metadata, tokenizer).filter((id) => id < vocabSize),
      load: (weights) => loadModel(path, description, weights),
      files: async () => paths,
    };
  });
}

/** The tokenizer, or why it cannot be used: the weights are of use without it. */
function readTokenizer(path: string, metadata: GgufMetadata): Pick<ModelSource, 'tokenizer' | 'tokenizerProblem'> {
  try {
    return { tokenizer: readGgufTokenizer(metadata) };
  } catch (error) {
    if (!(error instanceof TsgptError)) throw error;
    const { message } = error;
    const tokenizerProblem = message.includes(path) ? message : `the tokenizer in ${path} cannot be used: ${message}`;
    return { tokenizer: undefined, tokenizerProblem };
  }
}

async function loadModel(
  path: string,
  { modelType, config }: ModelDescription,
  weights: WeightPlace,
): Promise<LanguageModel> {
  const { family, form } = familyOfGguf(modelType);
  return withReader(path, (reader) => {
    const source = weights === 'file' ? inPlace(reader) : reader;
    return createLoaded(family, config, source, form.layout(config, modelType));
  });
}

/** The tokens that end a turn in known models. */
const turnEnds = ['<|eot_id|>', '<|eom_id|>', '<|im_end|>', '<|end|>', '<end_of_turn>'];

function readStopTokens(metadata: GgufMetadata, tokenizer: Tokenizer | undefined): number[] {
  const idOf = (role: string) => metadata.number(`tokenizer.ggml.${role}_token_id`, -1);
  const end = tokenizer ? (tokenizer.endOfTextId ?? -1) : idOf('eos');
  const named = [idOf('eot'), idOf('eom')].filter((id) => id >= 0);
  // Some files do not say which tokens end a turn.
  const written = turnEnds.filter((token) => tokenizer?.specialTokens?.includes(token));
  const turn = named.length > 0 ? named : written.flatMap((token) => tokenizer!.encode(token, { allowSpecial: true }));
  return [...new Set([end, ...turn])].filter((id) => id >= 0);
}

/** The description of the model in a GGUF file; reads no weights. */
export async function readGgufConfig(path: string): Promise<ModelDescription> {
  return withReader(path, readConfig);
}

async function readConfig(reader: GgufParts): Promise<ModelDescription> {
  const modelType = reader.metadata.string('general.architecture');
  const { family, form } = familyOfGguf(modelType);
  const config = await form.readConfig(new Hyperparameters(modelType, reader), reader);
  return { modelType, family: family.name, config };
}

/** Runs `use` with the open file, or files; adds the path to its errors. */
async function withReader<T>(path: string, use: (reader: GgufParts) => Promise<T>): Promise<T> {
  return readingFrom(path, async () => whileOpen(await GgufParts.open(path), use));
}
