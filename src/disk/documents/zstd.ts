import { Decompress } from 'fzstd';
import { TsgptError } from '../../core/errors.ts';

/** The largest window that zstd itself opens without being asked to, as `zstd --long=27` makes: in bytes, and so much memory it takes. */
const LARGEST_WINDOW = 2 ** 27;

/** Unpacks zstd (RFC 8878): any number of frames. Node's own needs version 22.15. Throws a TsgptError if it is damaged. */
export async function* unpackZstd(name: string, packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let unpacked: Uint8Array[] = [];
  const decompress = new Decompress((bytes) => void unpacked.push(bytes));
  const push = (bytes: Uint8Array, isEnd: boolean) => {
    try {
      decompress.push(bytes, isEnd);
    } catch (cause) {
      const isWindow = /array length|allocation failed/i.test((cause as Error).message);
      throw new TsgptError(
        isWindow
          ? `${name} is packed with too large a window; pack it again with a smaller one`
          : `${name} is not complete zstd data (${(cause as Error).message}); get the file again`,
        { cause },
      );
    }
  };
  let isFirst = true;
  for await (const bytes of packed) {
    if (isFirst) checkWindow(name, bytes);
    isFirst = false;
    push(bytes, false);
    yield* unpacked;
    unpacked = [];
  }
  push(new Uint8Array(), true);
  yield* unpacked;
}

/** Throws a TsgptError if the header of a frame asks for more memory than it may. */
function checkWindow(name: string, frame: Uint8Array): void {
  const [descriptor = 0, window = 0] = [frame[4], frame[5]];
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if (isSingleSegment || frame[0] !== 0x28) return;
  const base = 2 ** (10 + (window >> 3));
  const size = base + (base / 8) * (window & 7);
  if (size > LARGEST_WINDOW) {
    throw new TsgptError(
      `${name} is packed with a window of ${size / 2 ** 20} MiB, but more than ${LARGEST_WINDOW / 2 ** 20} MiB take too much memory; pack it again with a smaller one`,
    );
  }
}
