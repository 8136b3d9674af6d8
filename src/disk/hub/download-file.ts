import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ensure } from '../../core/errors.ts';
import { createFolders } from '../make-folder.ts';
import { type HubConnection, StallTimer } from './connection.ts';
import { cannotWrite } from './disk.ts';
import { brokenConnection } from './failures.ts';
import type { HubFile } from './model-files.ts';

/**
 * Downloads one file of a model, continuing where an earlier attempt stopped.
 *
 * The bytes go to `<target>.incomplete`, which is renamed once it is complete and has the right hash. So a file under its final name is
 * complete. Every byte is written to its position in the file, not appended: two processes that download the same file at once write the same
 * bytes and do no harm.
 *
 * @param target the path of the finished file
 * @param onBytes called with the number of bytes present whenever some arrived
 * @throws TsgptError if the file cannot be downloaded or written, or arrives with a wrong hash twice; the signal's reason when aborted
 */
export async function downloadFile(
  connection: HubConnection,
  commit: string,
  file: HubFile,
  target: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const { host, signal, onRetry } = connection.settings;
  const incomplete = `${target}.incomplete`;
  await createFolders(dirname(target)).catch(cannotWrite(target));
  let most = 0;
  for (let attempt = 1; ; attempt++) {
    await connection.retrying((progressed) =>
      fetchRest(connection, commit, file, incomplete, (bytes) => {
        if (bytes > most) progressed(); // otherwise a server that starts over each time could keep this loop busy for ever
        most = Math.max(most, bytes);
        onBytes(bytes);
      }),
    );
    const hash = await hashOf(incomplete, file, signal).catch(async (error) => {
      signal?.throwIfAborted();
      if (await isComplete(target, file)) return undefined;
      if (error.code !== 'ENOENT') throw error;
      return ''; // another process found the file damaged and has removed it
    });
    if (hash === undefined) return; // another process was faster and has given the file its name
    if (hash === file.etag) break;
    await rm(incomplete, { force: true });
    ensure(attempt < 2, `${host} sends a wrong ${file.path} (its hash differs); try again, or try another network`);
    onRetry?.({ problem: `${file.path} arrived damaged; downloading it again`, seconds: 0 });
    onBytes(0);
  }
  await rename(incomplete, target).catch(async (error) => {
    if (!(await isComplete(target, file))) cannotWrite(target)(error);
  });
}

/** Requests the missing bytes and writes them as they arrive. */
async function fetchRest(
  connection: HubConnection,
  commit: string,
  file: HubFile,
  path: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const { endpoint, name, host } = connection.settings;
  // Unlike 'w', this keeps the contents; unlike 'a', it allows writing at any position.
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT).catch(cannotWrite(path));
  try {
    let at = (await handle.stat()).size;
    if (at > file.size) {
      await handle.truncate(0);
      at = 0;
    }
    if (at < file.size) {
      const url = `${endpoint}/${name}/resolve/${commit}/${file.path.split('/').map(encodeURIComponent).join('/')}`;
      // Bytes of a compressed answer could not be counted.
      const headers = { 'accept-encoding': 'identity', ...(at > 0 && { range: `bytes=${at}-` }) };
      await StallTimer.during(connection.settings, async (stall) => {
        const response = await connection.request(url, file.path, headers, stall.signal);
        at = startOf(response, at);
        for await (const chunk of bodyOf(response, file, stall.signal, host)) {
          stall.touch();
          ensure(at + chunk.length <= file.size, `${host} sends more of ${file.path} than it has; try again later`);
          await writeAt(handle, chunk, at, path);
          at += chunk.length;
          onBytes(at);
        }
      });
      if (at < file.size) throw brokenConnection(new Error('the answer ended early'), file.path, host);
    }
    await handle.sync().catch(cannotWrite(path));
  } finally {
    await handle.close();
  }
}

/** The bytes of a response. Errors of the transfer are kept apart from errors of the consumer. */
async function* bodyOf(response: Response, file: HubFile, signal: AbortSignal, host: string) {
  try {
    for await (const chunk of response.body ?? []) yield chunk as Uint8Array;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw brokenConnection(error, file.path, host);
  }
}

/** The position in the file at which the response begins: the requested one, or 0 if the server does not support ranges. */
function startOf(response: Response, asked: number): number {
  if (response.status !== 206) return 0;
  const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
  return start === undefined ? asked : Number(start);
}

async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number, path: string): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle
      .write(bytes, done, bytes.length - done, position + done)
      .catch(cannotWrite(path));
    done += bytesWritten;
  }
}

/** The hub's hash of a file: SHA-256 of its bytes if they are stored outside git, otherwise git's blob hash. */
async function hashOf(path: string, { etag }: HubFile, signal?: AbortSignal): Promise<string> {
  const { size } = await stat(path);
  const hash = etag.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) hash.update(chunk);
  return hash.digest('hex');
}

async function isComplete(path: string, file: HubFile): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.size === file.size;
}
