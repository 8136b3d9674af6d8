import { open } from 'node:fs/promises';
import { ensure, TsgptError } from '../core/errors.ts';
import { isLfsPointer, lfsProblem } from '../core/json.ts';
import { ensureString } from '../core/kind.ts';
import type { ByteSource } from '../formats/byte-source.ts';
import { reasonOf } from './system-errors.ts';

/** The number of bytes per read from the operating system. */
const CHUNK_BYTES = 1 << 24;

/**
 * A file on disk as a source of bytes.
 *
 * @param kind the expected kind of file, for error messages: "a GGUF file"
 * @throws TsgptError if there is no such file or it cannot be read
 */
export async function openFile(path: string, kind: string): Promise<ByteSource> {
  ensureString('open', 'the path', path);
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'there is no such file' : reasonOf(cause);
    throw new TsgptError(`cannot read ${path}: ${reason}; check the path`, { cause });
  });
  let byteLength: number;
  try {
    const status = await file.stat();
    ensure(status.isFile(), `cannot read ${path}: it is a folder or a device; give the path of ${kind}`);
    const { buffer, bytesRead } = await file.read({ buffer: new Uint8Array(64), position: 0 });
    ensure(!isLfsPointer(new TextDecoder().decode(buffer.subarray(0, bytesRead))), `${path} ${lfsProblem}`);
    byteLength = status.size;
  } catch (error) {
    await file.close().catch(() => {}); // the first error says more
    throw error;
  }

  return {
    name: path,
    path,
    byteLength,
    close: () => file.close(),
    async readInto(target, offset) {
      for (let done = 0; done < target.length; ) {
        const length = Math.min(CHUNK_BYTES, target.length - done);
        const { bytesRead } = await file.read(target, done, length, offset + done);
        ensure(bytesRead > 0, `${path} became shorter while it was read; try again when nothing writes to it`);
        done += bytesRead;
      }
    },
  };
}
