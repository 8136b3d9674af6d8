/** Something to pack, by its size. */
export interface Item {
  readonly size: number;
}

/**
 * Packs items into as few bins as it can: best-fit decreasing, which needs at most 11/9 of the least number of bins, plus one (Johnson, 1974). The
 * largest items come first; each goes into the fullest bin that has room for it. Sizes are whole numbers from 1 to `capacity`.
 */
export function bestFit<T extends Item>(items: readonly T[], capacity: number): T[][] {
  const bins: T[][] = [];
  /** The bins by the room that they have left. */
  const byRoom: T[][][] = Array.from({ length: capacity + 1 }, () => []);
  for (const item of [...items].sort((a, b) => b.size - a.size)) {
    let room = item.size;
    while (room <= capacity && byRoom[room]!.length === 0) room++;
    const bin = byRoom[room]?.pop() ?? [];
    if (room > capacity) bins.push(bin);
    bin.push(item);
    byRoom[Math.min(room, capacity) - item.size]!.push(bin);
  }
  return bins;
}
