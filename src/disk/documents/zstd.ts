import { Decompress } from 'fzstd';
import xxhash, { type XXHashAPI } from 'xxhash-wasm';
import { ensure, TsgptError } from '../../core/errors.ts';
import { ByteQueue } from './byte-queue.ts';

/** The largest window that zstd itself opens without being asked to, as `zstd --long=27` makes: in bytes, and so much memory it takes. */
const LARGEST_WINDOW = 2 ** 27;

const FRAME = 0xfd2fb528;
/** Frames with data of other programs, which are left out, begin with this number or one of the next 15. */
const SKIPPABLE_FRAME = 0x184d2a50;

/**
 * Unpacks zstd (RFC 8878): any number of frames. fzstd decodes their blocks; sizes and checksums, which it does not compare, are compared here. Node's
 * own needs version 22.15. Throws a TsgptError if the data is damaged.
 */
export async function* unpackZstd(name: string, packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const bytes = new ByteQueue(packed, () => notZstd(name, 'it ends too early'));
  const { create64 } = await xxhash();
  try {
    while (await bytes.hasMore()) {
      const magic = littleEndian(await bytes.take(4));
      if (magic === FRAME) yield* unpackFrame(name, bytes, create64);
      else if (magic >>> 4 === SKIPPABLE_FRAME >>> 4) await bytes.skip(littleEndian(await bytes.take(4)));
      else throw notZstd(name, 'a part does not begin as it should');
    }
  } finally {
    await bytes.close();
  }
}

async function* unpackFrame(
  name: string,
  bytes: ByteQueue,
  create64: XXHashAPI['create64'],
): AsyncGenerator<Uint8Array> {
  const { header, contentSize, hasChecksum } = await takeHeader(name, bytes);
  const hash = hasChecksum ? create64() : undefined;
  let unpacked: Uint8Array[] = [];
  let size = 0;
  const decompress = new Decompress((some) => {
    unpacked.push(some);
    hash?.update(some);
    size += some.length;
  });
  const push = (some: Uint8Array, isEnd: boolean) => {
    try {
      decompress.push(some, isEnd);
    } catch (cause) {
      throw notZstd(name, (cause as Error).message, cause);
    }
  };
  push(header, false);
  for (let isLast = false; !isLast; ) {
    const start = await bytes.take(3);
    const word = littleEndian(start);
    isLast = (word & 1) === 1;
    const isRepeated = ((word >> 1) & 3) === 1; // one byte stands for all
    push(start, false);
    push(await bytes.take(isRepeated ? 1 : word >> 3), false);
    yield* unpacked;
    unpacked = [];
  }
  const checksum = hasChecksum ? await bytes.take(4) : new Uint8Array();
  push(checksum, true);
  yield* unpacked;
  const isWhole = contentSize === undefined || contentSize === size;
  // The low 32 bits of the XXH64 hash.
  const isSame = !hash || BigInt.asUintN(32, hash.digest()) === BigInt(littleEndian(checksum));
  if (!isWhole || !isSame) throw notZstd(name, 'what it unpacks to is not what was packed');
}

interface FrameHeader {
  /** Its bytes, with the frame's magic number. */
  header: Uint8Array;
  /** The size of what is unpacked, if it is known. */
  contentSize: number | undefined;
  hasChecksum: boolean;
}

/** Takes the header of a frame. Throws a TsgptError if it asks for more memory than it may. */
async function takeHeader(name: string, bytes: ByteQueue): Promise<FrameHeader> {
  const descriptor = littleEndian(await bytes.take(1));
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const windowBytes = isSingleSegment ? 0 : 1;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const rest = await bytes.take(windowBytes + dictionaryBytes + sizeBytes);
  const size = littleEndian(rest.subarray(windowBytes + dictionaryBytes));
  const contentSize = sizeBytes === 0 ? undefined : size + (sizeBytes === 2 ? 256 : 0);
  ensureWindow(name, isSingleSegment ? contentSize! : windowSize(rest[0]!));
  const header = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, descriptor, ...rest);
  return { header, contentSize, hasChecksum: (descriptor & 4) !== 0 };
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function ensureWindow(name: string, size: number): void {
  ensure(
    size <= LARGEST_WINDOW,
    () =>
      `${name} is packed with a window of ${Math.ceil(size / 2 ** 20)} MiB, but more than ${LARGEST_WINDOW / 2 ** 20} MiB take too much memory; pack it again with a smaller one`,
  );
}

const littleEndian = (bytes: Uint8Array) => bytes.reduceRight((number, byte) => 256 * number + byte, 0);

const notZstd = (name: string, reason: string, cause?: unknown) =>
  new TsgptError(`${name} is not complete zstd data (${reason}); get the file again`, { cause });
