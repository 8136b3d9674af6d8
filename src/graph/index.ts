export { buildProgram } from './build-program.ts';
export { CompiledGraph, evaluate } from './compiled-graph.ts';
export type { ConstantLeaves } from './constant-leaves.ts';
export { DeviceGraph } from './device-graph.ts';
export type { Attributes, GraphNode, GraphValue, LeafCheck, Operation } from './graph.ts';
export { lowerProgram } from './lower-program.ts';
export * as lowerings from './lowerings/index.ts';
export { blockSize, quantizeBlocks } from './quantize-blocks.ts';
export type { StoredBlocks, StoredConstant, StoredFloats, StoredPart } from './stored-constant.ts';
