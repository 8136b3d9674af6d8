export { type CheckShardsOptions, checkShards } from './check-shards.ts';
export type { PreparedSource, Shard, ShardManifest, TokenizerIdentity } from './manifest.ts';
export { holdsShards } from './manifest.ts';
export { type OpenedShards, openShards } from './open-shards.ts';
export { prepareData } from './prepare-data.ts';
export type { PrepareDataOptions, PrepareDataProgress, PreparedData } from './prepare-data-options.ts';
