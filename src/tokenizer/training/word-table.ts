/** What the arrays of a {@link WordTable} hold; they can be sent to another thread. */
export interface WordTableParts {
  /** The words' UTF-8 bytes, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each word ends in `bytes`; it begins where the word before it ends. */
  readonly ends: Uint32Array<ArrayBuffer>;
  /** How often each word occurs: whole numbers up to 2^53. */
  readonly counts: Float64Array<ArrayBuffer>;
}

export interface WordTableOptions {
  /** The most bytes of memory that the table may take. Defaults to no limit. */
  maxBytes?: number | undefined;
  /** Is called when it would take more; it must make room, as {@link WordTable.clear} does. */
  onFull?: ((table: WordTable) => void) | undefined;
}

const leastWords = 2 ** 12;

/**
 * Words and how often each occurs: a hash table with open addressing. The words are UTF-8 bytes in one array, not strings, so that it is known how
 * much memory they take: about 30 bytes a word and its own.
 */
export class WordTable {
  readonly #maxBytes: number;
  readonly #onFull: ((table: WordTable) => void) | undefined;
  #bytes = new Uint8Array(8 * leastWords);
  #ends = new Uint32Array(leastWords);
  #counts = new Float64Array(leastWords);
  #hashes = new Uint32Array(leastWords);
  /** The number of the word, from 1 on, at the place that its hash says or at one of the next; 0 where there is none. */
  #slots = new Uint32Array(2 * leastWords);
  #size = 0;
  #byteLength = 0;

  constructor({ maxBytes = Number.POSITIVE_INFINITY, onFull }: WordTableOptions = {}) {
    this.#maxBytes = maxBytes;
    this.#onFull = onFull;
  }

  /** The number of different words. */
  get size(): number {
    return this.#size;
  }

  /** The bytes of all words together. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** How often all words occur together. */
  get total(): number {
    return this.#counts.subarray(0, this.#size).reduce((sum, count) => sum + count, 0);
  }

  /** Counts a word of a text. Half a surrogate pair is read as U+FFFD. */
  add(word: string): void {
    const { length } = word;
    let hash = hashSeed;
    for (let i = 0; i < length; i++) {
      const unit = word.charCodeAt(i);
      if (unit > 0x7f) {
        this.addBytes(utf8.encode(word), 1);
        return;
      }
      hash = Math.imul(hash ^ unit, hashPrime);
    }
    hash = mixed(hash);
    for (let slot = hash & (this.#slots.length - 1); ; slot = (slot + 1) & (this.#slots.length - 1)) {
      const number = this.#slots[slot]!;
      if (number === 0) {
        this.#append(utf8.encode(word), hash, 1);
        return;
      }
      if (this.#hashes[number - 1] === hash && this.#isAscii(number - 1, word)) {
        this.#counts[number - 1]!++;
        return;
      }
    }
  }

  /** Counts a word that occurs `count` times more. */
  addBytes(word: Uint8Array, count: number): void {
    const hash = hashOf(word);
    for (let slot = hash & (this.#slots.length - 1); ; slot = (slot + 1) & (this.#slots.length - 1)) {
      const number = this.#slots[slot]!;
      if (number === 0) {
        this.#append(word, hash, count);
        return;
      }
      if (this.#hashes[number - 1] === hash && this.#isWord(number - 1, word)) {
        this.#counts[number - 1]! += count;
        return;
      }
    }
  }

  /** The bytes of a word, in the order in which they first occurred: a view, valid until the table changes. */
  word(i: number): Uint8Array {
    return this.#bytes.subarray(this.#start(i), this.#ends[i]);
  }

  /** How often a word occurs. */
  count(i: number): number {
    return this.#counts[i]!;
  }

  /** All words and their counts. */
  *entries(): Generator<readonly [word: Uint8Array, count: number]> {
    for (let i = 0; i < this.#size; i++) yield [this.word(i), this.count(i)];
  }

  /** The table's arrays, as long as their contents. */
  parts(): WordTableParts {
    return {
      bytes: this.#bytes.slice(0, this.#byteLength),
      ends: this.#ends.slice(0, this.#size),
      counts: this.#counts.slice(0, this.#size),
    };
  }

  /** Adds all that another table has counted. */
  addAll({ bytes, ends, counts }: WordTableParts): void {
    for (let i = 0, start = 0; i < ends.length; start = ends[i++]!) {
      this.addBytes(bytes.subarray(start, ends[i]), counts[i]!);
    }
  }

  /** Forgets all words. */
  clear(): void {
    this.#slots.fill(0);
    this.#size = 0;
    this.#byteLength = 0;
  }

  /** Forgets the words that occur less than `least` times. */
  keepFrequent(least: number): void {
    const { bytes, ends, counts } = this.parts();
    this.clear();
    for (let i = 0, start = 0; i < ends.length; start = ends[i++]!) {
      if (counts[i]! >= least) this.addBytes(bytes.subarray(start, ends[i]), counts[i]!);
    }
  }

  #append(word: Uint8Array, hash: number, count: number): void {
    if (this.#needsRoom(word.length)) this.#makeRoom(word.length);
    const i = this.#size++;
    this.#bytes.set(word, this.#byteLength);
    this.#byteLength += word.length;
    this.#ends[i] = this.#byteLength;
    this.#counts[i] = count;
    this.#hashes[i] = hash;
    this.#place(i);
  }

  #needsRoom(length: number): boolean {
    return this.#size === this.#ends.length || this.#byteLength + length > this.#bytes.length;
  }

  #makeRoom(length: number): void {
    const before = this.#size;
    // While an array grows, the old and the new one are in memory.
    const grown = 2.5 * (this.#bytes.length + length + 24 * this.#ends.length);
    if (grown > this.#maxBytes && before > 0) this.#onFull?.(this);
    if (this.#size < before && !this.#needsRoom(length)) return;
    if (this.#byteLength + length > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(2 * this.#bytes.length, this.#byteLength + length));
      bytes.set(this.#bytes.subarray(0, this.#byteLength));
      this.#bytes = bytes;
    }
    if (this.#size < this.#ends.length) return;
    const capacity = 2 * this.#ends.length;
    this.#ends = longer(this.#ends, capacity);
    this.#hashes = longer(this.#hashes, capacity);
    const counts = new Float64Array(capacity);
    counts.set(this.#counts);
    this.#counts = counts;
    this.#slots = new Uint32Array(2 * capacity);
    for (let i = 0; i < this.#size; i++) this.#place(i);
  }

  /** Enters a word into the first free slot from the one that its hash says. */
  #place(i: number): void {
    let slot = this.#hashes[i]! & (this.#slots.length - 1);
    while (this.#slots[slot] !== 0) slot = (slot + 1) & (this.#slots.length - 1);
    this.#slots[slot] = i + 1;
  }

  #start(i: number): number {
    return i === 0 ? 0 : this.#ends[i - 1]!;
  }

  #isAscii(i: number, word: string): boolean {
    const start = this.#start(i);
    if (this.#ends[i]! - start !== word.length) return false;
    for (let k = 0; k < word.length; k++) if (this.#bytes[start + k] !== word.charCodeAt(k)) return false;
    return true;
  }

  #isWord(i: number, word: Uint8Array): boolean {
    const start = this.#start(i);
    if (this.#ends[i]! - start !== word.length) return false;
    for (let k = 0; k < word.length; k++) if (this.#bytes[start + k] !== word[k]) return false;
    return true;
  }
}

const utf8 = new TextEncoder();

/** FNV-1a (Fowler, Noll and Vo), 32 bits, and a last step that lets every bit depend on every other. */
const hashSeed = 0x811c9dc5;
const hashPrime = 0x01000193;
const mixed = (hash: number) => (hash ^ (hash >>> 15)) >>> 0;

/** The hash of a word's bytes: a whole number below 2^32. */
export function hashOf(word: Uint8Array): number {
  let hash = hashSeed;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word[i]!, hashPrime);
  return mixed(hash);
}

function longer(numbers: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(length);
  copy.set(numbers);
  return copy;
}
