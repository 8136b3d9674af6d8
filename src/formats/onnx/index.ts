export type { FileRegion } from '../../core/file-region.ts';
export { encodeModel, encodeModelParts } from './encode.ts';
export { type ExternalTensor, externalSize, separateLargeTensors } from './external-tensors.ts';
export type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor, OnnxType, OnnxValue, StoredType } from './model.ts';
