import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensure, type TsgptError } from '../core/errors.ts';
import { lfsProblem, parseJSON } from '../core/json.ts';
import { quoted } from '../core/printable.ts';
import { whileOpen } from '../core/while-open.ts';
import { INDEX_FILE, WEIGHTS_FILE } from '../formats/safetensors/sharded.ts';
import { type LanguageModel, type ModelDescription, readHuggingFaceConfig } from '../models/index.ts';
import { createLoaded } from '../models/load-weights.ts';
import { familyOfModelType } from '../models/registry.ts';
import { chatTemplateIn, stopTokensIn } from '../pretrained/conversation-files.ts';
import { fitsModel, type Tokenizer } from '../tokenizer/index.ts';
import { type ModelSource, readingFrom, type WeightPlace } from './model-source.ts';
import { openFile } from './open-file.ts';
import { readIfThere, readTokenizerFiles } from './open-tokenizer.ts';
import { withOwnHead } from './own-head.ts';
import { publishedFileNames } from './published-files.ts';
import { openSafetensorsFolder } from './safetensors.ts';
import { inPlace } from './weights-in-place.ts';

/** Opens a folder in Hugging Face's layout. */
export async function openFolder(folder: string): Promise<ModelSource> {
  const description = await describeFolder(folder);
  const found = await loadTokenizer(folder, description);
  const foreign = found && foreignBeginning(folder, found, description);
  const tokenizer = foreign ? undefined : found;
  const conversation = await readingFrom(folder, () => readConversationFiles(folder, description.config));
  return {
    path: folder,
    ...description,
    tokenizer,
    ...(!tokenizer && { tokenizerProblem: foreign ?? (await tokenizerProblemOf(folder)) }),
    ...conversation,
    load: (weights) => loadModel(folder, description, weights),
    files: () => filesOf(folder),
  };
}

/** Why a folder has no tokenizer that can be read, if it has another one. */
async function tokenizerProblemOf(folder: string): Promise<string | undefined> {
  const names = await readdir(folder);
  const other = ['tokenizer.model', 'spiece.model', 'sentencepiece.bpe.model', 'tekken.json', 'vocab.txt'].find(
    (name) => names.includes(name),
  );
  return (
    other &&
    `${folder} has its tokenizer only as ${other}, which cannot be read; put the tokenizer.json of the model beside it`
  );
}

/** What is wrong with a tokenizer that puts a token before every text which the model does not have; undefined if it does not. */
function foreignBeginning(folder: string, tokenizer: Tokenizer, { config }: ModelDescription): string | undefined {
  const id = tokenizer.beginOfTextIds?.find((id) => id >= config.vocabSize);
  if (id === undefined) return undefined;
  const token = quoted(tokenizer.decode([id]));
  return (
    `${folder} puts the token ${token} before every text, as token ${id}, but the model has only ${config.vocabSize} tokens; ` +
    'correct bos_token in its tokenizer_config.json'
  );
}

/** The description of the model in a folder, from `config.json` and, if they are there, the names of its weights. */
export async function describeFolder(folder: string): Promise<ModelDescription> {
  return withOwnHead(folder, await readFolderConfig(folder));
}

async function readFolderConfig(folder: string): Promise<ModelDescription> {
  const text = await readIfThere(join(folder, 'config.json'));
  ensure(
    text !== undefined,
    `there is no config.json in ${folder}; give the folder of a model in Hugging Face's layout`,
  );
  return readingFrom(folder, async () => {
    try {
      return readHuggingFaceConfig(parseJSON(text, 'config.json'));
    } catch (error) {
      await ensureFetched(folder); // a repository that was fetched only in part says more than its configuration
      throw error;
    }
  });
}

/** Throws a TsgptError if a file of the model is only a pointer of Git LFS. */
async function ensureFetched(folder: string): Promise<void> {
  for (const name of [WEIGHTS_FILE, INDEX_FILE, ...publishedFileNames]) {
    const file = await openFile(join(folder, name), 'a file of a model').catch((error: TsgptError) => {
      if (error.message.endsWith(lfsProblem)) throw error;
    });
    await file?.close();
  }
}

async function loadTokenizer(folder: string, { config }: ModelDescription): Promise<Tokenizer | undefined> {
  const tokenizer = await readTokenizerFiles(folder);
  ensure(
    !tokenizer || fitsModel(tokenizer, config.vocabSize),
    () =>
      `the files in ${folder} do not belong together: the tokenizer has ${tokenizer?.vocabSize} tokens, ` +
      `but the model only ${config.vocabSize}`,
  );
  return tokenizer;
}

async function loadModel(
  folder: string,
  { modelType, config }: ModelDescription,
  weights: WeightPlace,
): Promise<LanguageModel> {
  const { family, form } = familyOfModelType(modelType);
  return whileOpen(await openSafetensorsFolder(folder), (file) => {
    const source = weights === 'file' ? inPlace(file) : file;
    return readingFrom(folder, () => createLoaded(family, config, source, form.layout(config)));
  });
}

/** All files that the weights depend on. */
async function filesOf(folder: string): Promise<string[]> {
  return whileOpen(await openSafetensorsFolder(folder), async (file) => {
    const paths = Array.from(file.tensors.keys(), (name) => file.regionOf(name).path);
    return [join(folder, 'config.json'), ...new Set(paths)];
  });
}

/** The chat template and stop tokens in the files beside the weights. */
async function readConversationFiles(
  folder: string,
  { vocabSize }: ModelDescription['config'],
): Promise<Pick<ModelSource, 'chatTemplate' | 'stopTokens'>> {
  const names = ['chat_template.jinja', 'tokenizer_config.json', 'generation_config.json', 'config.json'];
  const [template, tokenizerConfig, generationConfig, config] = await Promise.all(
    names.map((name) => readIfThere(join(folder, name))),
  );
  const chatTemplate = template ?? chatTemplateIn(tokenizerConfig);
  // Older models have no generation_config.json.
  const stopTokens =
    generationConfig === undefined
      ? stopTokensIn('config.json', config)
      : stopTokensIn('generation_config.json', generationConfig);
  return { chatTemplate, stopTokens: stopTokens.filter((id) => id < vocabSize) };
}
