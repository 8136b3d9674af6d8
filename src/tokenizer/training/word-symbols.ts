import { PairTable } from './pair-table.ts';
import type { WordTable } from './word-table.ts';

const none = -1;
/** Stands between two words. */
const boundary = -(2 ** 31);

/**
 * Words as rows of symbols, and the pairs of neighbours. A symbol has as many places as bytes: its number stands at the first, and at the last, if
 * that is another one, minus its length. So the symbols before and after a place are found without links.
 *
 *     lower, as l o w er        place    0  1  2  3  4  5  6
 *                               symbol   |  l  o  w  er -2 |
 */
export class WordSymbols {
  /** All pairs there have been. */
  readonly pairs = new PairTable();
  readonly #symbol: Int32Array;
  /** The word that each place belongs to, and how often each word occurs. */
  readonly #word: Uint32Array;
  readonly #counts: Float64Array;
  /** The places of each pair are a linked list. A place is that of the pair's left symbol. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** The bytes of each symbol. */
  readonly #lengths: number[] = new Array(256).fill(1);

  constructor(words: WordTable) {
    const places = words.byteLength + words.size + 1;
    this.#symbol = new Int32Array(places);
    this.#word = new Uint32Array(places);
    this.#next = new Int32Array(places);
    this.#previous = new Int32Array(places);
    this.#counts = new Float64Array(words.size);
    this.#symbol[0] = boundary;
    let [place, number] = [1, 0];
    for (const [word, count] of words.entries()) {
      this.#symbol.set(word, place);
      this.#word.fill(number, place, place + word.length);
      place += word.length;
      this.#symbol[place++] = boundary;
      this.#counts[number++] = count;
    }
    for (let i = 1; i < places - 1; i++) {
      if (this.#symbol[i] !== boundary && this.#symbol[i + 1] !== boundary) this.#add(i);
    }
  }

  /** Merges a pair wherever it stands, from left to right, into the new symbol `id`. Returns the pairs whose counts have changed, some twice. */
  merge(index: number, id: number): number[] {
    const { pairs } = this;
    const [left, right] = [pairs.left[index]!, pairs.right[index]!];
    const length = this.#lengths[left]! + this.#lengths[right]!;
    this.#lengths[id] = length;
    const changed: number[] = [];
    for (const place of this.#placesOf(index)) {
      const following = place + this.#lengths[left]!;
      if (this.#symbol[place] !== left || this.#symbol[following] !== right) continue; // it overlapped with one that has merged
      const before = this.#before(place);
      const after = this.#symbol[place + length] === boundary ? none : place + length;
      if (before !== none) changed.push(this.#remove(before));
      this.#remove(place);
      if (after !== none) changed.push(this.#remove(following));

      this.#symbol[following] = none; // no symbol begins here any more
      this.#symbol[place] = id;
      this.#symbol[place + length - 1] = -length;
      if (before !== none) changed.push(this.#add(before));
      if (after !== none) changed.push(this.#add(place));
    }
    changed.push(index);
    return changed;
  }

  /** The places of a pair, from left to right. */
  #placesOf(index: number): Int32Array {
    const places: number[] = [];
    for (let place = this.pairs.first[index]!; place !== none; place = this.#next[place]!) places.push(place);
    return Int32Array.from(places).sort();
  }

  /** The place of the symbol before the one at `place`. */
  #before(place: number): number {
    const last = this.#symbol[place - 1]!;
    return last === boundary ? none : last < 0 ? place + last : place - 1;
  }

  /** Counts the pair that begins at a place. Returns its index. */
  #add(place: number): number {
    const index = this.#indexAt(place);
    this.pairs.counts[index]! += this.#counts[this.#word[place]!]!;
    const second = this.pairs.first[index]!;
    this.#next[place] = second;
    this.#previous[place] = none;
    if (second !== none) this.#previous[second] = place;
    this.pairs.first[index] = place;
    return index;
  }

  /** No longer counts the pair that begins at a place. */
  #remove(place: number): number {
    const index = this.#indexAt(place);
    this.pairs.counts[index]! -= this.#counts[this.#word[place]!]!;
    const [previous, next] = [this.#previous[place]!, this.#next[place]!];
    if (previous === none) this.pairs.first[index] = next;
    else this.#next[previous] = next;
    if (next !== none) this.#previous[next] = previous;
    return index;
  }

  #indexAt(place: number): number {
    const left = this.#symbol[place]!;
    return this.pairs.indexOf(left, this.#symbol[place + this.#lengths[left]!]!);
  }
}
