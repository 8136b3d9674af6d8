import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ensure, TsgptError } from '../../core/errors.ts';
import type { TokenIds } from '../../text/encode-text.ts';
import { ensureRange, type TokenSource } from '../../text/token-source.ts';
import { throwUnreadable } from '../unreadable.ts';
import type { FilePool } from './file-pool.ts';
import { fromLittleEndian } from './little-endian.ts';
import { BYTES_PER_START, bytesPerToken, type Shard, type ShardManifest, type SplitName } from './manifest.ts';

/** What can be done about a damaged shard. */
const remedy = 'copy the folder again, or prepare the data again';

/** The shards of one split as one long row of tokens. Only what is asked for is read. */
export class ShardSource implements TokenSource {
  readonly name: string;
  readonly length: number;
  readonly documentCount: number;
  readonly #folder: string;
  readonly #files: FilePool;
  readonly #shards: readonly Shard[];
  readonly #manifest: Pick<ShardManifest, 'dtype' | 'tokenizer'>;
  /** Where each shard's tokens and documents begin; the end of the last comes last. */
  readonly #tokenOffsets: Float64Array;
  readonly #documentOffsets: Float64Array;

  constructor(
    folder: string,
    split: SplitName,
    manifest: Pick<ShardManifest, 'dtype' | 'tokenizer' | 'splits'>,
    files: FilePool,
  ) {
    const { tokens, documents, shards } = manifest.splits[split];
    this.name = `the ${split} shards in ${folder}`;
    this.length = tokens;
    this.documentCount = documents;
    this.#folder = folder;
    this.#files = files;
    this.#shards = shards;
    this.#manifest = manifest;
    this.#tokenOffsets = offsetsOf(shards.map((shard) => shard.tokens));
    this.#documentOffsets = offsetsOf(shards.map((shard) => shard.documents));
  }

  /** Throws a TsgptError unless every file is there and has its size. */
  async checkSizes(): Promise<void> {
    for (const { path, bytes } of this.files()) {
      const status = await stat(path).catch((error: NodeJS.ErrnoException) => {
        ensure(error.code !== 'ENOENT', `the shard ${path} is missing; ${remedy}`);
        return throwUnreadable(path, error);
      });
      ensure(status.size === bytes, `the shard ${path} has ${status.size} bytes instead of ${bytes}; ${remedy}`);
    }
  }

  /** Every file with its size and its checksum. */
  *files(): Generator<{ path: string; bytes: number; sha256: string }> {
    for (const { name, tokens, documents, sha256, indexSha256 } of this.#shards) {
      const path = join(this.#folder, name);
      yield { path: `${path}.bin`, bytes: tokens * bytesPerToken[this.#manifest.dtype], sha256 };
      yield { path: `${path}.idx`, bytes: documents * BYTES_PER_START, sha256: indexSha256 };
    }
  }

  async read(start: number, count: number): Promise<TokenIds> {
    ensureRange(this.name, 'tokens', start, count, this.length);
    const ids = this.#manifest.dtype === 'uint16' ? new Uint16Array(count) : new Uint32Array(count);
    await this.#pieces(this.#tokenOffsets, start, count, ({ shard, from, to, at }) =>
      this.#readInto(`${shard.name}.bin`, ids.subarray(at, at + to - from), from),
    );
    const { vocabSize } = this.#manifest.tokenizer;
    for (let i = 0; i < count; i++) if (ids[i]! >= vocabSize) this.#throwUnknownToken(ids[i]!, start + i);
    return ids;
  }

  async documentStarts(first: number, count: number): Promise<Float64Array> {
    ensureRange(this.name, 'documents', first, count, this.documentCount);
    const starts = new Float64Array(count);
    await this.#pieces(this.#documentOffsets, first, count, async ({ shard, index, from, to, at }) => {
      const inShard = new Uint32Array(to - from);
      await this.#readInto(`${shard.name}.idx`, inShard, from);
      for (const [i, start] of inShard.entries()) starts[at + i] = this.#tokenOffsets[index]! + start;
    });
    const isAscending = starts.every((start, i) => i === 0 || start > starts[i - 1]!);
    ensure(isAscending, `${this.name} are damaged (documents begin out of order); ${remedy}`);
    return starts;
  }

  /** Calls `read` for the part of each shard that is wanted: `from` to `to` in the shard is at `at` in the result. */
  async #pieces(
    offsets: Float64Array,
    start: number,
    count: number,
    read: (piece: { shard: Shard; index: number; from: number; to: number; at: number }) => Promise<void>,
  ): Promise<void> {
    const end = start + count;
    for (let index = lastAtMost(offsets, start), at = 0; at < count; index++) {
      const [offset, next] = [offsets[index]!, offsets[index + 1]!];
      const [from, to] = [start + at - offset, Math.min(end, next) - offset];
      if (to > from) await read({ shard: this.#shards[index]!, index, from, to, at });
      at += to - from;
    }
  }

  /** Fills `numbers` from a file, from its number `first` on. */
  async #readInto(file: string, numbers: TokenIds, first: number): Promise<void> {
    const path = join(this.#folder, file);
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    const offset = first * numbers.BYTES_PER_ELEMENT;
    await this.#files
      .use(path, async (handle) => {
        for (let done = 0; done < bytes.length; ) {
          const { bytesRead } = await handle.read(bytes, done, bytes.length - done, offset + done);
          ensure(bytesRead > 0, `the shard ${path} ends too early; ${remedy}`);
          done += bytesRead;
        }
      })
      .catch((error) => {
        ensure(error.code !== 'ENOENT', `the shard ${path} is missing; ${remedy}`);
        if (error instanceof TsgptError) throw error;
        throwUnreadable(path, error);
      });
    fromLittleEndian(numbers);
  }

  #throwUnknownToken(id: number, position: number): never {
    const { vocabSize } = this.#manifest.tokenizer;
    throw new TsgptError(
      `${this.name} are damaged: token ${position} is ${id}, but the vocabulary ends at ${vocabSize - 1}; ${remedy}`,
    );
  }
}

function offsetsOf(lengths: readonly number[]): Float64Array {
  const offsets = new Float64Array(lengths.length + 1);
  for (const [i, length] of lengths.entries()) offsets[i + 1] = offsets[i]! + length;
  return offsets;
}

/** The index of the last offset that is at most `value`. */
function lastAtMost(offsets: Float64Array, value: number): number {
  let [low, high] = [0, offsets.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (offsets[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
