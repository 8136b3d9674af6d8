import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ensure } from '../../core/errors.ts';
import { type HubConnection, StallTimer } from './connection.ts';
import { cannotWrite } from './disk.ts';
import { brokenConnection } from './failures.ts';
import type { HubFile } from './model-files.ts';

/**
 * Downloads one file of a model, and goes on where an earlier attempt stopped.
 *
 * The bytes collect in `<target>.incomplete`. When all are there and have the right hash, the file takes its name; so a file
 * that has its name is complete. Every byte is written to its place in the file, never just at the end: two processes that
 * download the same file at once write the same and do each other no harm.
 *
 * @param target where the file is to be
 * @param onBytes told how many bytes are there, whenever some arrived
 * @throws TsgptError if it cannot be had or written, or arrives with another hash twice; the signal's reason when aborted
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
  await mkdir(dirname(target), { recursive: true }).catch(cannotWrite(target));
  let most = 0;
  for (let attempt = 1; ; attempt++) {
    await connection.retrying((progressed) =>
      fetchRest(connection, commit, file, incomplete, (bytes) => {
        if (bytes > most) progressed(); // else a server that begins anew each time could keep us busy for ever
        most = Math.max(most, bytes);
        onBytes(bytes);
      }),
    );
    const hash = await hashOf(incomplete, file, signal).catch(async (error) => {
      signal?.throwIfAborted();
      if (!(await isComplete(target, file))) throw error;
    });
    if (hash === undefined) return; // another process was faster and has given the file its name
    if (hash === file.etag) break;
    await rm(incomplete, { force: true });
    ensure(
      attempt < 2,
      `${host} sends a ${file.path} that differs from the one the model has (its hash is wrong); try again, and in another network if that does not help`,
    );
    onRetry?.({ problem: `What has arrived of ${file.path} is damaged; it is downloaded again`, seconds: 0 });
    onBytes(0);
  }
  await rename(incomplete, target).catch(async (error) => {
    if (!(await isComplete(target, file))) cannotWrite(target)(error);
  });
}

/** Requests the bytes that are not there yet, and writes them as they come. */
async function fetchRest(
  connection: HubConnection,
  commit: string,
  file: HubFile,
  path: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const { endpoint, name, host } = connection.settings;
  // Neither emptied, as with 'w', nor written at its end whatever the position, as with 'a'.
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT).catch(cannotWrite(path));
  try {
    let at = (await handle.stat()).size;
    if (at > file.size) {
      await handle.truncate(0);
      at = 0;
    }
    if (at < file.size) {
      using stall = new StallTimer(connection.settings);
      const url = `${endpoint}/${name}/resolve/${commit}/${file.path.split('/').map(encodeURIComponent).join('/')}`;
      // Compressed, the bytes could not be counted.
      const headers = { 'accept-encoding': 'identity', ...(at > 0 && { range: `bytes=${at}-` }) };
      const response = await connection.request(url, file.path, headers, stall.signal);
      at = startOf(response, at);
      for await (const chunk of bodyOf(response, file, stall.signal, host)) {
        stall.touch();
        ensure(at + chunk.length <= file.size, `${host} sends more of ${file.path} than it has; try again later`);
        await writeAt(handle, chunk, at, path);
        at += chunk.length;
        onBytes(at);
      }
      if (at < file.size) throw brokenConnection(new Error('the answer ended early'), file.path, host);
    }
    await handle.sync().catch(cannotWrite(path));
  } finally {
    await handle.close();
  }
}

/** The bytes of a response. What breaks the transfer is told apart from what its reader throws. */
async function* bodyOf(response: Response, file: HubFile, signal: AbortSignal, host: string) {
  try {
    for await (const chunk of response.body ?? []) yield chunk as Uint8Array;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw brokenConnection(error, file.path, host);
  }
}

/** Where in the file the response begins: where it was asked to, or at 0 if the server knows no ranges. */
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

/** The hub's hash of a file: SHA-256 of its bytes where those are kept outside git, git's name for them otherwise. */
async function hashOf(path: string, { etag }: HubFile, signal?: AbortSignal): Promise<string> {
  const { size } = await stat(path);
  const hash = etag.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) hash.update(chunk);
  return hash.digest('hex');
}

async function isComplete(path: string, file: HubFile): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.size === file.size;
}
