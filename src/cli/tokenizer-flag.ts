import { existsSync } from 'node:fs';
import { ensure } from '../core/errors.ts';
import { openTokenizer } from '../disk/open-tokenizer.ts';
import { GPT2Tokenizer, sameTokens, type Tokenizer } from '../tokenizer/index.ts';

/** What `--tokenizer` takes, for `--help`. */
export const tokenizerNames =
  'characters, gpt2, or the path of a tokenizer, as "tsgpt tokenizer train" writes them and published models have them';

/** Whether a name asks for the single characters of the text; `char` is an older name. */
export const isCharacters = (name: string) => name === 'characters' || name === 'char';

/** The tokenizer of a name other than `characters`. Throws a TsgptError if there is none. */
export async function namedTokenizer(name: string): Promise<Tokenizer> {
  if (name === 'gpt2') return new GPT2Tokenizer();
  ensure(
    existsSync(name),
    `there is no tokenizer ${name}; give characters, gpt2, or a folder that has a tokenizer.json`,
  );
  return openTokenizer(name);
}

/** Whether `tokenizer` is the one of this name. */
export async function isNamed(name: string, tokenizer: Tokenizer): Promise<boolean> {
  return isCharacters(name) ? tokenizer.kind === 'char' : sameTokens(await namedTokenizer(name), tokenizer);
}
