import { MAX_IDS } from '../bpe.ts';

/** Two symbols that stand next to each other. */
export interface Pair {
  readonly left: number;
  readonly right: number;
  /** How often the pair occurs, in all words as often as these occur. */
  count: number;
  /** Where it stands: the places of its left symbol. Some may be out of date. */
  places: number[];
}

const none = -1;

/**
 * Words as linked lists of symbols, all in the same arrays, and their pairs of neighbours. A symbol stands at the place of its first byte.
 */
export class WordSymbols {
  /** All pairs there have been; a pair keeps its index. */
  readonly pairs: Pair[] = [];
  readonly #indexes = new Map<number, number>();
  readonly #symbol: Int32Array;
  /** The places of the neighbours in the word, or {@link none}. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** The number of each place's word, and how often each word occurs. */
  readonly #word: Int32Array;
  readonly #counts: Float64Array;

  constructor(words: Iterable<readonly [word: Uint8Array, count: number]>) {
    const all = [...words];
    const places = all.reduce((sum, [word]) => sum + word.length, 0);
    this.#symbol = new Int32Array(places);
    this.#next = new Int32Array(places).fill(none);
    this.#previous = new Int32Array(places).fill(none);
    this.#word = new Int32Array(places);
    this.#counts = Float64Array.from(all, ([, count]) => count);
    let place = 0;
    for (const [number, [word]] of all.entries()) {
      for (const [i, byte] of word.entries()) {
        this.#symbol[place] = byte;
        this.#word[place] = number;
        if (i > 0) {
          this.#previous[place] = place - 1;
          this.#next[place - 1] = place;
        }
        place++;
      }
    }
    for (let i = 0; i < places; i++) if (this.#next[i] !== none) this.#add(i);
  }

  /** Merges a pair wherever it stands, from left to right, into the symbol `id`. Returns the pairs whose counts have changed. */
  merge(index: number, id: number): Set<number> {
    const { left, right, places } = this.pairs[index]!;
    const changed = new Set([index]);
    // Pairs that were found at different times are not in the order of their places.
    for (const place of Int32Array.from(places).sort()) {
      const following = this.#next[place]!;
      if (this.#symbol[place] !== left || following === none || this.#symbol[following] !== right) continue; // merged before
      const [before, after] = [this.#previous[place]!, this.#next[following]!];
      if (before !== none) changed.add(this.#remove(before));
      this.#remove(place);
      if (after !== none) changed.add(this.#remove(following));

      this.#symbol[place] = id;
      this.#symbol[following] = none;
      this.#next[place] = after;
      if (after !== none) this.#previous[after] = place;
      if (before !== none) changed.add(this.#add(before));
      if (after !== none) changed.add(this.#add(place));
    }
    this.pairs[index]!.places = [];
    return changed;
  }

  /** Counts the pair that begins at a place. Returns its index. */
  #add(place: number): number {
    const index = this.#indexAt(place);
    this.pairs[index]!.count += this.#counts[this.#word[place]!]!;
    this.pairs[index]!.places.push(place);
    return index;
  }

  /** No longer counts the pair that begins at a place. Its place stays in the list, out of date. */
  #remove(place: number): number {
    const index = this.#indexAt(place);
    this.pairs[index]!.count -= this.#counts[this.#word[place]!]!;
    return index;
  }

  #indexAt(place: number): number {
    const [left, right] = [this.#symbol[place]!, this.#symbol[this.#next[place]!]!];
    const key = left * MAX_IDS + right;
    let index = this.#indexes.get(key);
    if (index === undefined) {
      index = this.pairs.push({ left, right, count: 0, places: [] }) - 1;
      this.#indexes.set(key, index);
    }
    return index;
  }
}
