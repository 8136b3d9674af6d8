import { pairHash, twiceAsLong } from '../pair-hash.ts';

const none = -1;
const leastPairs = 2 ** 12;

/** Pairs of symbols, each with an index, how often it occurs, and the first of its places: arrays with a hash table over them. */
export class PairTable {
  left = new Int32Array(leastPairs);
  right = new Int32Array(leastPairs);
  /** How often each pair occurs: whole numbers up to 2^53. */
  counts = new Float64Array(leastPairs);
  /** The first place of each pair, or -1. */
  first = new Int32Array(leastPairs);
  #slots = new Int32Array(2 * leastPairs).fill(none);
  #size = 0;

  /** The number of pairs there have been. */
  get size(): number {
    return this.#size;
  }

  /** The index of a pair; a new one if it is met for the first time. */
  indexOf(left: number, right: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = pairHash(left, right) & mask; ; slot = (slot + 1) & mask) {
      const index = this.#slots[slot]!;
      if (index === none) return this.#append(left, right, slot);
      if (this.left[index] === left && this.right[index] === right) return index;
    }
  }

  #append(left: number, right: number, slot: number): number {
    if (this.#size === this.left.length) {
      this.#grow();
      return this.indexOf(left, right);
    }
    const index = this.#size++;
    this.left[index] = left;
    this.right[index] = right;
    this.counts[index] = 0;
    this.first[index] = none;
    this.#slots[slot] = index;
    return index;
  }

  #grow(): void {
    const capacity = 2 * this.left.length;
    this.left = twiceAsLong(this.left);
    this.right = twiceAsLong(this.right);
    this.first = twiceAsLong(this.first);
    const counts = new Float64Array(capacity);
    counts.set(this.counts);
    this.counts = counts;
    this.#slots = new Int32Array(2 * capacity).fill(none);
    const mask = this.#slots.length - 1;
    for (let index = 0; index < this.#size; index++) {
      let slot = pairHash(this.left[index]!, this.right[index]!) & mask;
      while (this.#slots[slot] !== none) slot = (slot + 1) & mask;
      this.#slots[slot] = index;
    }
  }
}
