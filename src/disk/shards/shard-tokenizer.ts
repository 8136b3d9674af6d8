import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensure } from '../../core/errors.ts';
import { type Tokenizer, tokenizerFromJSON } from '../../tokenizer/index.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { throwUnreadable } from '../unreadable.ts';
import type { TokenizerIdentity } from './manifest.ts';

/** The checksum of the bytes of all tokens, each after its length as a little-endian uint32. Tokenizers with the same tokens have the same. */
export function hashOfTokens(tokenizer: Tokenizer): string {
  const hash = createHash('sha256');
  const length = Buffer.alloc(4);
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    const bytes = tokenizer.tokenBytes(id);
    length.writeUInt32LE(bytes.length);
    hash.update(length).update(bytes);
  }
  return hash.digest('hex');
}

/** Writes the tokenizer's own files into the folder of shards. Returns what the manifest says of it. */
export async function writeShardTokenizer(folder: string, tokenizer: Tokenizer): Promise<TokenizerIdentity> {
  const json = tokenizer.toJSON();
  if (json.kind === 'hugging-face') {
    await writeFileAtomic(join(folder, 'tokenizer.json'), json.tokenizerJson);
    await writeFileAtomic(join(folder, 'tokenizer_config.json'), json.tokenizerConfig);
  }
  const { vocabSize, endOfTextId } = tokenizer;
  const characters = json.kind === 'char' ? json.characters : undefined;
  return { kind: json.kind, characters, vocabSize, endOfTextId, sha256: hashOfTokens(tokenizer) };
}

const remedy = 'copy the folder again, or prepare the data again';

/** The tokenizer of the shards in a folder. Throws a TsgptError if its files are damaged or of another tokenizer. */
export async function readShardTokenizer(folder: string, identity: TokenizerIdentity): Promise<Tokenizer> {
  const read = (file: string) => {
    const path = join(folder, file);
    return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      ensure(error.code !== 'ENOENT', `the file ${path} is missing; ${remedy}`);
      return throwUnreadable(path, error);
    });
  };
  const { kind, characters } = identity;
  const tokenizer = tokenizerFromJSON(
    kind === 'hugging-face'
      ? { kind, tokenizerJson: await read('tokenizer.json'), tokenizerConfig: await read('tokenizer_config.json') }
      : { kind, characters },
  );
  ensure(
    hashOfTokens(tokenizer) === identity.sha256,
    `the tokenizer in ${folder} is not the one that made the shards; ${remedy}`,
  );
  return tokenizer;
}
