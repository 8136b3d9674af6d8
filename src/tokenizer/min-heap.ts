/** A priority queue of numbers: a binary heap, every entry no larger than its children at 2i + 1 and 2i + 2. */
export class MinHeap {
  readonly #entries: number[] = [];

  push(entry: number): void {
    const entries = this.#entries;
    let i = entries.push(entry) - 1;
    // Move larger parents down until the entry fits.
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (entries[parent]! <= entry) break;
      entries[i] = entries[parent]!;
      i = parent;
    }
    entries[i] = entry;
  }

  /** Removes and returns the smallest entry; undefined if the heap is empty. */
  pop(): number | undefined {
    const entries = this.#entries;
    const smallest = entries[0];
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return smallest;
    // Put the last entry at the top and move smaller children up until it fits.
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child + 1 < entries.length && entries[child + 1]! < entries[child]!) child++;
      if (child >= entries.length || entries[child]! >= last) break;
      entries[i] = entries[child]!;
      i = child;
    }
    entries[i] = last;
    return smallest;
  }
}
