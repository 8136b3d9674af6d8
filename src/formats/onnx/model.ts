import type { DType } from '../../core/dtype.ts';
import type { FileRegion } from '../../core/file-region.ts';
import { ensureKind, ensureList } from '../../core/kind.ts';
import type { Shape } from '../../core/shape.ts';

/** The part of the ONNX file format that tsgpt writes. */
export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

export type OnnxAttribute = number | string | readonly number[];

/** One ONNX operator. Attributes that are whole numbers are written as integers, those in `floats` as floating-point numbers. */
export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
  readonly floats: Readonly<Record<string, number>>;
  /** The operator's domain: `com.microsoft` for ONNX Runtime's own. Defaults to ONNX's. */
  readonly domain?: string;
  /** Defaults to the operator and its first output. */
  readonly name?: string;
}

export interface OnnxTensor {
  readonly name: string;
  readonly type: StoredType;
  readonly shape: Shape;
  /** The elements in row-major order and little endian. */
  readonly data: Uint8Array | FileRegion;
}

/** An input or output of the model. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: Shape;
  /** Whether it is a sequence of such tensors. Defaults to false. */
  readonly isSequence?: boolean;
}

export type OnnxType = DType | 'int64' | 'uint8';

/** The types of stored tensors. Nothing is computed in half precision. */
export type StoredType = OnnxType | 'float16' | 'bfloat16';

/** The domain of ONNX Runtime's own operators. */
export const microsoftDomain = 'com.microsoft';

/** ONNX's ids of the element types. */
export const typeNumbers: Record<StoredType, number> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
};

/** Throws a TsgptError unless `model` has the parts of an ONNX model. */
export function ensureModel(operation: string, model: OnnxModel): void {
  ensureKind(operation, 'an ONNX model, as from toOnnx', model, 'nodes', 'initializers', 'inputs', 'outputs');
  ensureList(operation, 'the nodes of a model', model.nodes, 'operator', 'inputs', 'outputs', 'attributes', 'floats');
  ensureList(operation, 'the initializers of a model', model.initializers, 'name', 'type', 'shape', 'data');
  ensureList(operation, 'the inputs of a model', model.inputs, 'name', 'type', 'shape');
  ensureList(operation, 'the outputs of a model', model.outputs, 'name', 'type', 'shape');
}
