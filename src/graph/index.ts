export { blockSize, quantizeBlocks } from './quantize-blocks.ts';
export type { ConstantLeaves, StoredBlocks, StoredConstant, StoredFloats, StoredPart } from './stored-constant.ts';
