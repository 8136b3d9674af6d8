import { describeValue } from '../core/describe-value.ts';
import { ensure, TsgptError } from '../core/errors.ts';
import { ensureCount, ensureKind } from '../core/kind.ts';
import { OneAtATime } from '../core/one-at-a-time.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';

/** The shape of the keys and values of one token in all blocks. */
export interface CacheShape {
  readonly nLayers: number;
  readonly nKvHeads: number;
  readonly headDim: number;
}

export interface CacheOptions {
  /** The number of texts. Defaults to 1. */
  batchSize?: number;
  /** The most tokens of each text. */
  capacity: number;
}

const cacheOptions: OptionNames<CacheOptions> = { batchSize: true, capacity: true };

/**
 * The key-value cache: the keys and values of the tokens of several texts, so that no token is computed twice. All memory is allocated at once;
 * a new token writes its own row.
 */
export class KVCache {
  /** The number of texts. */
  readonly batchSize: number;
  /** The most tokens of each text. */
  readonly capacity: number;
  /** The number of tokens held of each text. */
  readonly lengths: number[];
  /** Keys and values, block by block, each `[batchSize, nKvHeads, capacity, headDim]`. */
  readonly arrays: readonly Float32Array[];
  /** Passes over one cache write into the same arrays. */
  readonly passes = new OneAtATime('this cache');

  constructor(shape: CacheShape, options: CacheOptions) {
    ensureKind('KVCache', 'the shape of a cache, such as model.cacheShape', shape, 'nLayers', 'nKvHeads', 'headDim');
    const { nLayers, nKvHeads, headDim } = shape;
    const { batchSize = 1, capacity } = knownOptions('KVCache', options, cacheOptions);
    for (const [name, value] of Object.entries({ nLayers, nKvHeads, headDim, batchSize, capacity })) {
      ensureCount(name, value);
    }
    this.batchSize = batchSize;
    this.capacity = capacity;
    this.lengths = new Array(batchSize).fill(0);
    const size = batchSize * nKvHeads * capacity * headDim;
    try {
      this.arrays = Array.from({ length: 2 * nLayers }, () => new Float32Array(size));
    } catch (cause) {
      const gibibytes = ((8 * nLayers * size) / 2 ** 30).toFixed(1);
      throw new TsgptError(
        `keys and values of ${capacity} tokens need ${gibibytes} GiB, which cannot be allocated; use a shorter context`,
        { cause },
      );
    }
  }

  /** Throws a TsgptError unless `text` is the number of one of the texts. */
  ensureText(text: number): void {
    ensure(
      Number.isInteger(text) && text >= 0 && text < this.batchSize,
      () => `the texts of the cache have the numbers 0 to ${this.batchSize - 1}, but got ${describeValue(text)}`,
    );
  }

  /** The part of every array that belongs to one text: a cache of batch size 1 over the same memory. */
  arraysOf(text: number): Float32Array[] {
    this.ensureText(text);
    const size = this.arrays[0]!.length / this.batchSize;
    return this.arrays.map((array) => array.subarray(text * size, (text + 1) * size));
  }

  /** Forgets all but the first `length` tokens of a text. */
  truncate(text: number, length: number): void {
    this.ensureText(text);
    ensure(
      Number.isSafeInteger(length) && length >= 0 && length <= this.lengths[text]!,
      `the cache holds ${this.lengths[text]} tokens of text ${text}; it cannot be cut to ${describeValue(length)}`,
    );
    this.lengths[text] = length;
  }
}
