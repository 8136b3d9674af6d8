import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { DType } from '../dtype.ts';
import { factorsOf, isDynamic } from '../dynamic-length.ts';
import type { Shape } from '../shape.ts';

/**
 * The part of the ONNX file format that tsgpt writes. Field numbers are those of the specification's `onnx.proto3`
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
 */
export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

export type OnnxAttribute = number | string | readonly number[];

/** One ONNX operator. Whole-number attributes are written as integers, those of `floats` as floating point. */
export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
  readonly floats: Readonly<Record<string, number>>;
  /** Where the operator is specified, if not in ONNX itself: `com.microsoft` for ONNX Runtime's own. */
  readonly domain?: string;
}

export interface OnnxTensor {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: Shape;
  readonly data: Uint8Array | FileRegion;
}

/** A part of a file that holds the elements of a tensor, in row-major order and little endian. */
export interface FileRegion {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** An input or output of the model. */
export interface OnnxValue {
  readonly name: string;
  readonly type: DType;
  readonly shape: Shape;
}

/** A model as a runtime takes it: its bytes, and what they expect and give. */
export interface LoadableModel {
  readonly bytes: Uint8Array;
  /** Large tensors that `bytes` only mentions by name, or that lie in files. */
  readonly external: readonly ExternalTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

export interface ExternalTensor {
  readonly name: string;
  readonly data: Uint8Array | FileRegion;
}

/** Tensors of more bytes than this stay outside of a model's bytes, which may not exceed 2 GiB. */
const externalSize = 1 << 16;

/**
 * Every model has one output more, an empty sequence of tensors, before the others. Nobody needs its value; asking for it
 * lets a runtime avoid copies (see `node-runtime.ts`).
 */
export const sequenceOutput = 'sequence';

export type OnnxType = DType | 'int64' | 'uint8';

/** The name of ONNX Runtime's own operators. */
export const microsoftDomain = 'com.microsoft';

/** ONNX's numbers of the element types. */
export const typeNumbers: Record<OnnxType, number> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 };

/** The edition of the operator set; 20 is the first with Gelu. */
const operatorSetVersion = 20;
const microsoftVersion = 1;
const formatVersion = 9;

/** Writes the model as the bytes of an `.onnx` file. */
export function encodeModel(model: OnnxModel): LoadableModel {
  const writer = new BinaryWriter();
  integer(writer, 1, formatVersion);
  text(writer, 2, 'tsgpt');
  message(writer, 7, () => encodeGraph(writer, model));
  message(writer, 8, () => {
    text(writer, 1, '');
    integer(writer, 2, operatorSetVersion);
  });
  message(writer, 8, () => {
    text(writer, 1, microsoftDomain);
    integer(writer, 2, microsoftVersion);
  });
  const external = model.initializers.filter(isExternal).map(({ name, data }) => ({ name, data }));
  return { bytes: writer.finish(), external, inputs: model.inputs, outputs: model.outputs };
}

function encodeGraph(writer: BinaryWriter, model: OnnxModel): void {
  for (const node of [makeSequence, ...model.nodes]) message(writer, 1, () => encodeNode(writer, node));
  text(writer, 2, 'tsgpt');
  for (const tensor of model.initializers) message(writer, 5, () => encodeTensor(writer, tensor));
  for (const value of model.inputs) message(writer, 11, () => encodeValue(writer, value));
  message(writer, 12, () => {
    text(writer, 1, sequenceOutput);
    message(writer, 2, () => message(writer, 4, () => message(writer, 1, () => encodeType(writer, 'float32', []))));
  });
  for (const value of model.outputs) message(writer, 12, () => encodeValue(writer, value));
}

function encodeNode(writer: BinaryWriter, node: OnnxNode): void {
  for (const input of node.inputs) text(writer, 1, input);
  for (const output of node.outputs) text(writer, 2, output);
  text(writer, 3, `${node.operator}_${node.outputs[0]}`);
  text(writer, 4, node.operator);
  if (node.domain) text(writer, 7, node.domain);
  for (const [name, value] of Object.entries(node.attributes)) {
    message(writer, 5, () => encodeAttribute(writer, name, value));
  }
  for (const [name, value] of Object.entries(node.floats)) {
    message(writer, 5, () => {
      text(writer, 1, name);
      writer.tag(2, WireType.Bit32).float(value);
      integer(writer, 20, 1);
    });
  }
}

function encodeAttribute(writer: BinaryWriter, name: string, value: OnnxAttribute): void {
  text(writer, 1, name);
  if (typeof value === 'number') {
    integer(writer, 3, value);
    integer(writer, 20, 2);
  } else if (typeof value === 'string') {
    text(writer, 4, value);
    integer(writer, 20, 3);
  } else {
    for (const element of value) integer(writer, 8, element);
    integer(writer, 20, 7);
  }
}

function encodeTensor(writer: BinaryWriter, tensor: OnnxTensor): void {
  for (const length of tensor.shape) integer(writer, 1, length);
  integer(writer, 2, typeNumbers[tensor.type]);
  text(writer, 8, tensor.name);
  if (!isExternal(tensor)) {
    writer.tag(9, WireType.LengthDelimited).bytes(tensor.data as Uint8Array);
    return;
  }
  const { data } = tensor;
  const place = data instanceof Uint8Array ? { path: tensor.name, offset: 0, length: data.length } : data;
  const entries = { location: fileName(place.path), offset: String(place.offset), length: String(place.length) };
  for (const [key, value] of Object.entries(entries)) {
    message(writer, 13, () => {
      text(writer, 1, key);
      text(writer, 2, value);
    });
  }
  integer(writer, 14, 1); // the elements are external
}

function isExternal({ data }: OnnxTensor): boolean {
  return !(data instanceof Uint8Array) || data.length > externalSize;
}

/** The last part of a path; files of one model lie in one folder. */
function fileName(path: string): string {
  return path.split(/[/\\]/).at(-1)!;
}

function encodeValue(writer: BinaryWriter, value: OnnxValue): void {
  text(writer, 1, value.name);
  message(writer, 2, () => encodeType(writer, value.type, value.shape));
}

function encodeType(writer: BinaryWriter, type: OnnxType, shape: Shape): void {
  message(writer, 1, () => {
    integer(writer, 1, typeNumbers[type]);
    message(writer, 2, () => {
      for (const length of shape) message(writer, 1, () => encodeLength(writer, length));
    });
  });
}

/** A dimension: its length, or a name where that is only known in a run. */
function encodeLength(writer: BinaryWriter, length: number): void {
  if (isDynamic(length)) {
    const { known, names } = factorsOf(length);
    text(writer, 2, [...(known === 1 ? [] : [known]), ...names].join('*'));
  } else {
    integer(writer, 1, length);
  }
}

const makeSequence: OnnxNode = {
  operator: 'SequenceEmpty',
  inputs: [],
  outputs: [sequenceOutput],
  attributes: {},
  floats: {},
};

function message(writer: BinaryWriter, field: number, body: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  body();
  writer.join();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function integer(writer: BinaryWriter, field: number, value: number): void {
  writer.tag(field, WireType.Varint).int64(value);
}
