import { MinHeap } from './min-heap.ts';

/**
 * Byte-pair encoding (Sennrich, Haddow and Birch, 2016, https://arxiv.org/abs/1508.07909).
 *
 * Training began with 256 symbols, the bytes, and again and again made a new symbol of the pair of neighbours that was
 * most frequent. Encoding repeats these merges, the first learned first. Symbols are numbered in the order in which
 * they were made, so a symbol's id is also its merge's rank: the lowest id wins.
 */
export class MergeTable {
  /** For every pair of ids that merges, the id of the symbol it becomes. */
  readonly #merged = new Map<number, number>();

  /** Makes `left` followed by `right` become `id`. Ids are below 2^16. */
  add(left: number, right: number, id: number): void {
    this.#merged.set(pairKey(left, right), id);
  }

  /**
   * Merges `symbols`, the ids of a word's bytes, until no pair is left that merges. Takes n log n time, so that a long
   * text without a space is not a trap.
   */
  encode(symbols: readonly number[]): number[] {
    const end = symbols.length;
    // A linked list of symbols. Merging writes the new symbol over the left one and unlinks the right one.
    const symbol = [...symbols];
    const next = symbols.map((_, i) => i + 1);
    const previous = symbols.map((_, i) => i - 1);

    // Pairs that merge, the lowest id first and for the same id from left to right.
    const queue = new MinHeap();
    /** For each symbol, the id it becomes together with the next one; entries in the queue that differ are outdated. */
    const merge = symbols.map(() => NONE);
    const look = (i: number) => {
      merge[i] = next[i]! < end ? (this.#merged.get(pairKey(symbol[i]!, symbol[next[i]!]!)) ?? NONE) : NONE;
      if (merge[i] !== NONE) queue.push(merge[i]! * 2 ** 32 + i);
    };
    for (let i = 0; i < end; i++) look(i);

    for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
      const id = Math.floor(entry / 2 ** 32);
      const left = entry % 2 ** 32;
      if (merge[left] !== id) continue;
      const right = next[left]!;
      symbol[left] = id;
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

/** One number for a pair of ids below 2^16. */
const pairKey = (left: number, right: number) => left * 2 ** 16 + right;
