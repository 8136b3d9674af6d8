import { crc32 } from 'node:zlib';
import type { TokenIds, TokenSource } from '../../text/index.ts';
import type { TrainingText, TrainingTokens } from '../../train/index.ts';
import { ShardSource } from '../shards/shard-source.ts';

/** A number that is another one when the text is. */
export async function textChecksum({ train, validation }: TrainingText): Promise<number> {
  return checksumOf(validation, await checksumOf(train, 0));
}

async function checksumOf(tokens: TrainingTokens, before: number): Promise<number> {
  if (Array.isArray(tokens)) {
    let checksum = before;
    for (const { source, weight } of tokens) checksum = crc32(`${weight}`, await checksumOf(source, checksum));
    return checksum;
  }
  const single = tokens as TokenIds | TokenSource;
  return 'read' in single ? checksumOfSource(single, before) : crc32(bytesOf(single), before);
}

/** Of shards, their own checksums count. Of another source that is too long to be read, its ends. */
async function checksumOfSource(source: TokenSource, before: number): Promise<number> {
  if (source instanceof ShardSource) {
    return [...source.files()].reduce((checksum, { sha256 }) => crc32(sha256, checksum), before);
  }
  const count = Math.min(source.length, 2 ** 20);
  const begin = crc32(bytesOf(await source.read(0, count)), before);
  return crc32(bytesOf(await source.read(source.length - count, count)), begin);
}

const bytesOf = (ids: TokenIds) => new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength);
