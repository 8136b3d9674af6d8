/**
 * A priority queue of numbers that are indexes of something: a binary heap, every entry before its children at 2i + 1 and 2i + 2. It knows where each
 * entry is, so that an entry whose priority has changed can be moved.
 */
export class IndexedHeap {
  readonly #isBefore: (a: number, b: number) => boolean;
  readonly #entries: number[] = [];
  /** The place of each entry in the heap; -1 for those that are not in it. */
  readonly #places: number[] = [];

  /** @param isBefore whether the entry `a` has priority over the entry `b` */
  constructor(isBefore: (a: number, b: number) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** The first entry; undefined if the heap is empty. */
  get first(): number | undefined {
    return this.#entries[0];
  }

  /** Adds an entry, or moves one whose priority has changed. */
  update(entry: number): void {
    while (this.#places.length <= entry) this.#places.push(-1);
    const place = this.#places[entry]!;
    if (place >= 0) this.#down(this.#up(place));
    else this.#up(this.#entries.push(entry) - 1);
  }

  /** Removes an entry, if it is in the heap. */
  remove(entry: number): void {
    const place = this.#places[entry] ?? -1;
    if (place < 0) return;
    this.#places[entry] = -1;
    const last = this.#entries.pop()!;
    if (last === entry) return;
    this.#entries[place] = last;
    this.#places[last] = place;
    this.#down(this.#up(place));
  }

  #up(place: number): number {
    const entry = this.#entries[place]!;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#isBefore(entry, this.#entries[parent]!)) break;
      this.#put(this.#entries[parent]!, place);
      place = parent;
    }
    this.#put(entry, place);
    return place;
  }

  #down(place: number): void {
    const entry = this.#entries[place]!;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && this.#isBefore(this.#entries[child + 1]!, this.#entries[child]!)) child++;
      if (!this.#isBefore(this.#entries[child]!, entry)) break;
      this.#put(this.#entries[child]!, place);
      place = child;
    }
    this.#put(entry, place);
  }

  #put(entry: number, place: number): void {
    this.#entries[place] = entry;
    this.#places[entry] = place;
  }
}
