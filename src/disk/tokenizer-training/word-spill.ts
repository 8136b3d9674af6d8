import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { TsgptError } from '../../core/errors.ts';
import { hashOf, type WordTable } from '../../tokenizer/training/word-table.ts';
import { reasonOf } from '../system-errors.ts';

/** Words are spread over as many partitions by their hashes, so that all counts of one word are in one partition. */
export const partitions = 64;

const partitionOf = (word: Uint8Array) => hashOf(word) >>> 26;

/** Where the words of a partition stand in a file. */
export interface SpilledSegment {
  readonly path: string;
  readonly partition: number;
  readonly offset: number;
  readonly length: number;
}

/** Bytes that are collected before they are written. */
const bufferBytes = 2 ** 18;
/** The most bytes of two numbers of seven bits a byte, each below 2^53. */
const numberBytes = 16;

/** Writes words and their counts to a file, to make room in memory. A word may be written several times; its counts add up. */
export class WordSpill {
  readonly #path: string;
  #file: number | undefined;
  #offset = 0;
  readonly segments: SpilledSegment[] = [];
  /** The number of words written. */
  words = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Writes all words of a table, partition by partition. Throws a TsgptError if that is impossible. */
  write(table: WordTable): void {
    const starts = new Uint32Array(partitions + 1);
    for (let i = 0; i < table.size; i++) starts[partitionOf(table.word(i)) + 1]!++;
    for (let p = 0; p < partitions; p++) starts[p + 1]! += starts[p]!;
    const order = new Uint32Array(table.size);
    const next = starts.slice();
    for (let i = 0; i < table.size; i++) order[next[partitionOf(table.word(i))]!++] = i;
    for (let partition = 0; partition < partitions; partition++) {
      const offset = this.#offset;
      this.#writeWords(table, order.subarray(starts[partition], starts[partition + 1]));
      const length = this.#offset - offset;
      if (length > 0) this.segments.push({ path: this.#path, partition, offset, length });
    }
    this.words += table.size;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #writeWords(table: WordTable, words: Uint32Array): void {
    const buffer = new Uint8Array(bufferBytes);
    let used = 0;
    for (const i of words) {
      const word = table.word(i);
      if (used + word.length + numberBytes > bufferBytes) {
        this.#write(buffer.subarray(0, used));
        used = 0;
      }
      used = putNumber(buffer, used, word.length);
      used = putNumber(buffer, used, table.count(i));
      if (word.length + numberBytes > bufferBytes) {
        this.#write(buffer.subarray(0, used));
        this.#write(word);
        used = 0;
      } else {
        buffer.set(word, used);
        used += word.length;
      }
    }
    this.#write(buffer.subarray(0, used));
  }

  #write(bytes: Uint8Array): void {
    try {
      this.#file ??= openSync(this.#path, 'wx', 0o600);
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
    } catch (cause) {
      throw new TsgptError(
        `cannot write rare words to ${dirname(this.#path)}: ${reasonOf(cause as NodeJS.ErrnoException)}; make room there, or allow more memory`,
        { cause },
      );
    }
    this.#offset += bytes.length;
  }
}

/** Adds the words of a segment to a table. */
export function readSegment({ path, offset, length }: SpilledSegment, table: WordTable): void {
  const bytes = new Uint8Array(length);
  const file = openSync(path, 'r');
  try {
    for (let done = 0; done < length; ) {
      const read = readSync(file, bytes, done, length - done, offset + done);
      if (read === 0)
        throw new TsgptError(`${path} became shorter while it was read; try again when nothing writes to it`);
      done += read;
    }
  } finally {
    closeSync(file);
  }
  for (let place = 0; place < length; ) {
    const [wordLength, afterLength] = takeNumber(bytes, place);
    const [count, start] = takeNumber(bytes, afterLength);
    place = start + wordLength;
    table.addBytes(bytes.subarray(start, place), count);
  }
}

/** A whole number in groups of seven bits, the lowest first; every group but the last has the eighth bit set. */
function putNumber(bytes: Uint8Array, place: number, value: number): number {
  let [at, rest] = [place, value];
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) + 128;
  bytes[at++] = rest;
  return at;
}

function takeNumber(bytes: Uint8Array, place: number): [value: number, end: number] {
  let [value, scale, at] = [0, 1, place];
  for (; bytes[at]! >= 128; scale *= 128) value += (bytes[at++]! - 128) * scale;
  return [value + bytes[at]! * scale, at + 1];
}
