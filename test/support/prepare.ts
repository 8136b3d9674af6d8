import { checked } from '../../src/disk/shards/prepare-data.ts';
import type { PrepareDataOptions } from '../../src/disk/shards/prepare-data-options.ts';
import { type Pace, prepareIn } from '../../src/disk/shards/prepare-in.ts';

/** Small portions and parts, and every portion is recorded, so that little data is much work. */
export const smallPace: Pace = { portionLength: 500, partLength: 200, saveInterval: 0 };

/** `prepareData` at another pace. */
export async function prepareAt(pace: Pace, sources: readonly string[], options: PrepareDataOptions) {
  return prepareIn(await checked(sources, options), pace);
}
