import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { ensure } from '../../core/errors.ts';
import { ensureString } from '../../core/kind.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import { whileOpen } from '../../core/while-open.ts';
import { throwUnreadable } from '../unreadable.ts';
import { openShards } from './open-shards.ts';
import { ShardSource } from './shard-source.ts';

export interface CheckShardsOptions {
  /** Stops; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called after every piece of a file. */
  onProgress?: (progress: { bytesRead: number; bytesTotal: number }) => void;
}

const checkShardsOptions: OptionNames<CheckShardsOptions> = { signal: true, onProgress: true };

/** Reads every byte of the token shards in a folder. Throws a TsgptError that names the first file that is not as it was written. */
export async function checkShards(folder: string, options: CheckShardsOptions = {}): Promise<void> {
  ensureString('checkShards', 'the folder', folder);
  const { signal, onProgress } = knownOptions('checkShards', options, checkShardsOptions);
  await whileOpen(await openShards(folder), async ({ train, validation }) => {
    const files = [train, validation].flatMap((source) => (source instanceof ShardSource ? [...source.files()] : []));
    const bytesTotal = files.reduce((sum, { bytes }) => sum + bytes, 0);
    let bytesRead = 0;
    for (const { path, sha256 } of files) {
      const found = await hashOfFile(path, (bytes) => {
        signal?.throwIfAborted();
        bytesRead += bytes;
        onProgress?.({ bytesRead, bytesTotal });
      });
      ensure(
        found === sha256,
        `the shard ${path} is damaged: its checksum is not that of the manifest; copy the folder again, or prepare the data again`,
      );
    }
  });
}

async function hashOfFile(path: string, onRead: (bytes: number) => void): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path).catch((error) => throwUnreadable(path, error));
  await whileOpen(file, async (handle) => {
    const buffer = new Uint8Array(2 ** 20);
    for (;;) {
      const { bytesRead } = await handle.read(buffer).catch((error) => throwUnreadable(path, error));
      if (bytesRead === 0) return;
      hash.update(buffer.subarray(0, bytesRead));
      onRead(bytesRead);
    }
  });
  return hash.digest('hex');
}
