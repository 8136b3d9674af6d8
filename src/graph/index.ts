export { blockSize, quantizeBlocks } from './quantize-blocks.ts';
export type { FrozenLeaves, StoredBlocks, StoredConstant, StoredFloats, StoredPart } from './stored-constant.ts';
