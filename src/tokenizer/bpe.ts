import { MinHeap } from './min-heap.ts';
import { pairHash, twiceAsLong } from './pair-hash.ts';

const NONE = -1;
const leastMerges = 2 ** 8;

/**
 * Byte-pair encoding (Sennrich, Haddow and Birch, 2016, https://arxiv.org/abs/1508.07909).
 *
 * Training starts from single bytes or characters as symbols, and repeatedly merges the most frequent pair of neighbours into a new symbol.
 * Encoding repeats these merges in the order learned. A merge's rank is its position in that order: the lowest rank wins, and among equal ranks the
 * leftmost pair.
 */
export class MergeTable {
  // The merges by number, in arrays with a hash table over them: a Map of 50,000 pairs takes ten times as long to make, and more memory.
  #left = new Int32Array(leastMerges);
  #right = new Int32Array(leastMerges);
  #merged = new Int32Array(leastMerges);
  #ranks = new Int32Array(leastMerges);
  #slots = new Int32Array(2 * leastMerges).fill(NONE);
  #size = 0;

  /**
   * Adds the merge of `left` followed by `right` into `id`; ids are below {@link MAX_IDS}.
   *
   * @param rank a whole number of at least 0, below 2^21; defaults to the number of merges before this one
   */
  add(left: number, right: number, id: number, rank = this.#size): void {
    if (this.#size === this.#left.length) this.#grow();
    const number = this.#size++;
    this.#left[number] = left;
    this.#right[number] = right;
    this.#merged[number] = id;
    this.#ranks[number] = rank;
    this.#slots[this.#slotOf(left, right)] = number;
  }

  /** The pairs of ids that merge, in the order learned. */
  pairs(): [left: number, right: number][] {
    return Array.from({ length: this.#size }, (_, i) => [this.#left[i]!, this.#right[i]!]);
  }

  /** The slot of a pair, or the empty one where it would be. */
  #slotOf(left: number, right: number): number {
    const mask = this.#slots.length - 1;
    let slot = pairHash(left, right) & mask;
    for (let number = this.#slots[slot]!; number !== NONE; number = this.#slots[slot]!) {
      if (this.#left[number] === left && this.#right[number] === right) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    this.#left = twiceAsLong(this.#left);
    this.#right = twiceAsLong(this.#right);
    this.#merged = twiceAsLong(this.#merged);
    this.#ranks = twiceAsLong(this.#ranks);
    this.#slots = new Int32Array(2 * this.#left.length).fill(NONE);
    for (let number = 0; number < this.#size; number++) {
      this.#slots[this.#slotOf(this.#left[number]!, this.#right[number]!)] = number;
    }
  }

  /**
   * Merges `symbols`, the ids of a word's bytes or characters, until no pair merges any more. Takes O(n log n) time, so that a long text without
   * spaces is not a trap.
   */
  encode(symbols: readonly number[]): number[] {
    const end = symbols.length;
    // A linked list of symbols. Merging writes the new symbol over the left one and unlinks the right one.
    const symbol = [...symbols];
    const next = symbols.map((_, i) => i + 1);
    const previous = symbols.map((_, i) => i - 1);

    // Pairs that merge, ordered by rank, then from left to right.
    const queue = new MinHeap();
    /** The number of each symbol's merge with the next one; entries in the queue with another rank are outdated. */
    const merge = symbols.map(() => NONE);
    const look = (i: number) => {
      const number = next[i]! < end ? this.#slots[this.#slotOf(symbol[i]!, symbol[next[i]!]!)]! : NONE;
      merge[i] = number;
      if (number !== NONE) queue.push(this.#ranks[number]! * 2 ** 32 + i);
    };
    for (let i = 0; i < end; i++) look(i);

    for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
      const rank = Math.floor(entry / 2 ** 32);
      const left = entry % 2 ** 32;
      const number = merge[left]!;
      if (number === NONE || this.#ranks[number] !== rank) continue;
      const right = next[left]!;
      symbol[left] = this.#merged[number]!;
      merge[right] = NONE;
      next[left] = next[right]!;
      if (next[left] < end) previous[next[left]] = left;
      look(left);
      if (left > 0) look(previous[left]!);
    }

    const ids: number[] = [];
    for (let i = 0; i < end; i = next[i]!) ids.push(symbol[i]!);
    return ids;
  }
}

/** More than any published vocabulary has; a rank and a position must fit into the 53 bits of a number. */
export const MAX_IDS = 2 ** 21;
