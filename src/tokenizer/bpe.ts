import { MinHeap } from './min-heap.ts';

/**
 * Byte-pair encoding (Sennrich, Haddow and Birch, 2016, https://arxiv.org/abs/1508.07909).
 *
 * Training starts from single bytes or characters as symbols, and repeatedly merges the most frequent pair of neighbours into a new symbol.
 * Encoding repeats these merges in the order learned. A merge's rank is its position in that order: the lowest rank wins.
 */
export class MergeTable {
  /** The rank of every pair of ids that merges. */
  readonly #ranks = new Map<number, number>();
  /** The id of the merged symbol, by rank. */
  readonly #merged: number[] = [];

  /** Adds the merge of `left` followed by `right` into `id`, in the order learned; ids are below {@link MAX_IDS}. */
  add(left: number, right: number, id: number): void {
    this.#ranks.set(pairKey(left, right), this.#merged.length);
    this.#merged.push(id);
  }

  /** The pairs of ids that merge, in the order learned. */
  pairs(): [left: number, right: number][] {
    return Array.from(this.#ranks.keys(), (key) => [Math.floor(key / MAX_IDS), key % MAX_IDS]);
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
    /** The rank of each symbol's merge with the next one; entries in the queue with another rank are outdated. */
    const merge = symbols.map(() => NONE);
    const look = (i: number) => {
      merge[i] = next[i]! < end ? (this.#ranks.get(pairKey(symbol[i]!, symbol[next[i]!]!)) ?? NONE) : NONE;
      if (merge[i] !== NONE) queue.push(merge[i]! * 2 ** 32 + i);
    };
    for (let i = 0; i < end; i++) look(i);

    for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
      const rank = Math.floor(entry / 2 ** 32);
      const left = entry % 2 ** 32;
      if (merge[left] !== rank) continue;
      const right = next[left]!;
      symbol[left] = this.#merged[rank]!;
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

const NONE = -1;

/** More than any published vocabulary has; a rank and a position, or two ids, must fit into the 53 bits of a number. */
export const MAX_IDS = 2 ** 21;

const pairKey = (left: number, right: number) => left * MAX_IDS + right;
