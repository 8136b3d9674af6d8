export type { ConstantLeaves } from './constant-leaves.ts';
export { blockSize, quantizeBlocks } from './quantize-blocks.ts';
export type { StoredBlocks, StoredConstant, StoredFloats, StoredPart } from './stored-constant.ts';
