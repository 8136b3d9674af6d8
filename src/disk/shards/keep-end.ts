import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TokenSource } from '../../text/token-source.ts';
import { FilePool } from './file-pool.ts';
import { BYTES_PER_START, bytesPerToken, type Shard, type ShardManifest, type SplitName } from './manifest.ts';
import type { PrepareProgress } from './progress-file.ts';
import { ShardFile } from './shard-file.ts';
import { ShardSource } from './shard-source.ts';
import { ShardWriter } from './shard-writer.ts';

/** Tokens that are copied at once. */
const AT_ONCE = 2 ** 20;

type Splits = Record<SplitName, Shard[]>;
type Settings = Pick<ShardManifest, 'dtype' | 'shardSize' | 'tokenizer'>;

/** Puts all shards into the train split, if all documents were chosen for validation. It can be done again. */
export async function putIntoTrain(folder: string, { train, validation }: Splits): Promise<Splits> {
  if (train.length > 0) return { train, validation };
  const moved: Shard[] = [];
  for (const shard of validation) {
    const name = shard.name.replace('validation', 'train');
    for (const ending of ['bin', 'idx']) {
      await rename(join(folder, `${shard.name}.${ending}`), join(folder, `${name}.${ending}`)).catch((error) => {
        if (error.code !== 'ENOENT') throw error; // it was done before the process was killed
      });
    }
    moved.push({ ...shard, name });
  }
  return { train: moved, validation: [] };
}

/** Copies the last `fraction` of the tokens to validation shards. Returns them, and what is left to learn from; undefined if there is too little. */
export async function copyEnd(
  folder: string,
  train: Shard[],
  settings: Settings,
  fraction: number,
): Promise<PrepareProgress['end']> {
  const files = new FilePool();
  const total = (count: 'tokens' | 'documents') => train.reduce((sum, shard) => sum + shard[count], 0);
  const split = { tokens: total('tokens'), documents: total('documents'), shards: train };
  const source = new ShardSource(folder, 'train', { ...settings, splits: { train: split, validation: split } }, files);
  const tokens = Math.floor(source.length * (1 - fraction));
  if (tokens === 0 || tokens === source.length) return undefined;
  const writer = new ShardWriter(folder, 'validation', settings);
  try {
    const documents = await documentsBefore(source, tokens);
    const begins = startsFrom(source, documents);
    let begin = await begins.next();
    if (begin.value === tokens) begin = await begins.next();
    for (let start = tokens; start < source.length; start += AT_ONCE) {
      const ids = await source.read(start, Math.min(AT_ONCE, source.length - start));
      const starts: number[] = start === tokens ? [0] : []; // the rest of a document that is cut is one, too
      for (; !begin.done && begin.value < start + ids.length; begin = await begins.next())
        starts.push(begin.value - start);
      await writer.write(ids, starts);
    }
    return { tokens, documents, validation: await writer.end() };
  } finally {
    await writer.close();
    await files.close();
  }
}

/** Where documents begin, from document number `first` on. */
async function* startsFrom(source: TokenSource, first: number): AsyncGenerator<number, undefined> {
  for (let document = first; document < source.documentCount; document += AT_ONCE) {
    yield* await source.documentStarts(document, Math.min(AT_ONCE, source.documentCount - document));
  }
}

/** How many documents begin before a token. */
async function documentsBefore(source: ShardSource, token: number): Promise<number> {
  let [low, high] = [0, source.documentCount];
  while (low < high) {
    const middle = (low + high) >> 1;
    const [start] = await source.documentStarts(middle, 1);
    if (start! < token) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Cuts the train shards after so many tokens and documents. It can be done again. */
export async function cutTrain(
  folder: string,
  train: Shard[],
  { dtype }: Settings,
  { tokens, documents }: { tokens: number; documents: number },
): Promise<Shard[]> {
  const kept: Shard[] = [];
  let [tokensLeft, documentsLeft] = [tokens, documents];
  for (const shard of train) {
    const path = join(folder, shard.name);
    const part = { tokens: Math.min(shard.tokens, tokensLeft), documents: Math.min(shard.documents, documentsLeft) };
    tokensLeft -= part.tokens;
    documentsLeft -= part.documents;
    if (part.tokens === shard.tokens) kept.push(shard);
    else if (part.tokens === 0) for (const ending of ['bin', 'idx']) await rm(`${path}.${ending}`, { force: true });
    else {
      const cut = async (file: string, bytes: number) => (await ShardFile.open(file, bytes)).close();
      const sha256 = await cut(`${path}.bin`, part.tokens * bytesPerToken[dtype]);
      const indexSha256 = await cut(`${path}.idx`, part.documents * BYTES_PER_START);
      kept.push({ ...shard, ...part, sha256, indexSha256 });
    }
  }
  return kept;
}
