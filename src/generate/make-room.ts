import { keepLast } from './keep-last.ts';
import type { KVCache } from './kv-cache.ts';

/** A cache, or what stands for one in a model without keys and values. */
export type TextCache = Pick<KVCache, 'lengths' | 'capacity' | 'truncate'>;

/** The tokens to read next: the text's new ones, or, if the cache is full, its last ones again. */
export function makeRoom(
  cache: TextCache,
  i: number,
  { ids, unread }: { ids: number[]; unread: readonly number[] },
  keepFirst: number,
): readonly number[] {
  if (cache.lengths[i]! + unread.length <= cache.capacity) return unread;
  cache.truncate(i, 0);
  const forgotten = Math.ceil(cache.capacity / 8);
  return keepLast(ids, Math.max(1, cache.capacity - forgotten), keepFirst);
}
