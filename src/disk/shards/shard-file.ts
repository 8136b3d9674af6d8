import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { TsgptError } from '../../core/errors.ts';
import type { TokenIds } from '../../text/encode-text.ts';
import { reasonOf } from '../system-errors.ts';
import { toLittleEndian } from './little-endian.ts';

/** A file of numbers that grows, and its checksum. */
export class ShardFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #hash: Hash;
  #length: number;

  private constructor(path: string, handle: FileHandle, hash: Hash, length: number) {
    this.#path = path;
    this.#handle = handle;
    this.#hash = hash;
    this.#length = length;
  }

  /** Opens a file, keeps its first `bytes`, and drops the rest, which interrupted work has left. */
  static async open(path: string, bytes: number): Promise<ShardFile> {
    const handle = await open(path, bytes > 0 ? 'r+' : 'w+').catch((error) => cannotWrite(path, error));
    try {
      const hash = createHash('sha256');
      await handle.truncate(bytes).catch((error) => cannotWrite(path, error));
      await hashInto(hash, handle, path, bytes);
      return new ShardFile(path, handle, hash, bytes);
    } catch (error) {
      await handle.close().catch(() => {}); // the first error says more
      throw error;
    }
  }

  async append(numbers: TokenIds): Promise<void> {
    const bytes = toLittleEndian(numbers);
    this.#hash.update(bytes);
    for (let done = 0; done < bytes.length; ) {
      const write = this.#handle.write(bytes, done, bytes.length - done, this.#length);
      const { bytesWritten } = await write.catch((error) => cannotWrite(this.#path, error));
      done += bytesWritten;
      this.#length += bytesWritten;
    }
  }

  async sync(): Promise<void> {
    await this.#handle.sync().catch((error) => cannotWrite(this.#path, error));
  }

  /** Closes the file and returns its SHA-256 checksum. */
  async close(): Promise<string> {
    await this.#handle.close().catch((error) => cannotWrite(this.#path, error));
    return this.#hash.digest('hex');
  }
}

async function hashInto(hash: Hash, handle: FileHandle, path: string, bytes: number): Promise<void> {
  const buffer = new Uint8Array(Math.min(bytes, 2 ** 20));
  for (let done = 0; done < bytes; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, bytes - done), done);
    if (bytesRead === 0)
      throw new TsgptError(`the unfinished shard ${path} has been changed; remove its folder and begin anew`);
    hash.update(buffer.subarray(0, bytesRead));
    done += bytesRead;
  }
}

/** Throws a TsgptError that says why shards cannot be written. */
export function cannotWrite(path: string, cause: NodeJS.ErrnoException): never {
  throw new TsgptError(
    `cannot write ${path}: ${reasonOf(cause)}; change that and give the same command again, and it goes on`,
    { cause },
  );
}
