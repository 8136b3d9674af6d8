import { join } from 'node:path';
import { huggingFaceForm } from '../models/registry.ts';
import type { PretrainedToSave } from '../pretrained/save-options.ts';
import { publishedTokenizer } from '../tokenizer/hugging-face/write-files.ts';
import type { Tokenizer } from '../tokenizer/index.ts';
import { writeFileAtomic } from './atomic-file.ts';

/** The names of the files beside the weights, and of their older equivalents. */
export const publishedFileNames = [
  ...['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json'],
  ...['special_tokens_map.json', 'chat_template.jinja', 'vocab.json', 'merges.txt', 'added_tokens.json'],
];

/** The contents of the JSON files that Hugging Face's libraries expect beside the weights, by name. */
export interface PublishedFiles extends Record<string, object> {
  'config.json': object;
}

/** @throws TsgptError if the published form cannot express the model */
export function publishedFiles({ model, tokenizer, chatTemplate, stopTokens = [] }: PretrainedToSave): PublishedFiles {
  const ids = tokenizer ? idsOfRoles(tokenizer, stopTokens, model.config) : {};
  const files: PublishedFiles = {
    'config.json': {
      ...huggingFaceForm(model.family).writeConfig(model.config),
      bos_token_id: null,
      eos_token_id: null,
      ...ids,
    },
    'generation_config.json': { _from_model_config: true, ...ids },
  };
  if (tokenizer) {
    const { tokenizer: file, config: settings } = publishedTokenizer(tokenizer);
    files['tokenizer.json'] = file;
    const { contextLength } = model.config;
    const template = chatTemplate === undefined ? {} : { chat_template: chatTemplate };
    files['tokenizer_config.json'] = { model_max_length: contextLength, ...settings, ...template };
  }
  return files;
}

export async function writePublishedFiles(folder: string, files: PublishedFiles): Promise<void> {
  for (const [name, contents] of Object.entries(files)) {
    await writeFileAtomic(join(folder, name), `${JSON.stringify(contents, null, 2)}\n`);
  }
}

/** The ids of the tokens that begin and end a text, as both configurations name them. */
function idsOfRoles(
  tokenizer: Tokenizer,
  stopTokens: readonly number[],
  { vocabSize }: { vocabSize: number },
): Record<string, unknown> {
  const { bosToken, beginOfTextIds = [], endOfTextId } = tokenizer;
  const [bos, ...more] = bosToken === undefined ? beginOfTextIds : tokenizer.encode(bosToken, { allowSpecial: true });
  const all = new Set([...(endOfTextId === undefined ? [] : [endOfTextId]), ...stopTokens]);
  const ends = [...all].filter((id) => id < vocabSize);
  return {
    ...(bos !== undefined && more.length === 0 && bos < vocabSize && { bos_token_id: bos }),
    ...(ends.length > 0 && { eos_token_id: ends.length === 1 ? ends[0] : ends }),
  };
}
