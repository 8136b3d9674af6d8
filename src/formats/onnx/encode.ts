import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { FileRegion } from '../../core/file-region.ts';
import { factorsOf, isOpen, type OpenLength } from '../../core/open-length.ts';
import type { Shape } from '../../core/shape.ts';
import {
  type LoadableModel,
  microsoftDomain,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxType,
  type OnnxValue,
  typeNumbers,
} from './model.ts';

// Field numbers are those of the specification's `onnx.proto3` (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).

/** The edition of the operator set; 20 is the first with Gelu. */
const operatorSetVersion = 20;
const microsoftVersion = 1;
const formatVersion = 9;

/** Tensors of more bytes than this stay outside of the bytes of a model that we run, which may not exceed 2 GiB. */
export const externalSize = 1 << 16;

/**
 * Every model that we run has one output more, an empty sequence of tensors, before the others. Nobody needs its value; asking for it
 * lets a runtime avoid copies (see `node-runtime.ts`).
 */
export const sequenceOutput = 'sequence';

const makeSequence: OnnxNode = {
  operator: 'SequenceEmpty',
  inputs: [],
  outputs: [sequenceOutput],
  attributes: {},
  floats: {},
};

/** How open lengths are called in files: as in Hugging Face's. */
const lengthNames: Readonly<Record<OpenLength, string>> = {
  batch: 'batch_size',
  time: 'sequence_length',
  past: 'past_sequence_length',
  total: 'total_sequence_length',
  selected: 'selected',
  capacity: 'capacity',
};

/** The model for a runtime of ours. */
export function encodeModel(model: OnnxModel): LoadableModel {
  const isExternal = ({ data }: OnnxTensor) => !(data instanceof Uint8Array) || data.length > externalSize;
  const external = model.initializers.filter(isExternal).map(({ name, data }) => ({ name, data }));
  const initializers = model.initializers.map((tensor) => {
    const { name, data } = tensor;
    if (!isExternal(tensor) || !(data instanceof Uint8Array)) return tensor;
    return { ...tensor, data: { path: name, offset: 0, length: data.length } };
  });
  const nodes = [makeSequence, ...model.nodes];
  const bytes = Buffer.concat(encodeParts({ ...model, nodes, initializers }, encodeSequenceOutput));
  return { bytes, external, inputs: model.inputs, outputs: model.outputs };
}

/**
 * The bytes of an `.onnx` file, in parts to be written one after the other: those of tensors are not copied. A tensor that is a
 * {@link FileRegion} stays in that file, which has to lie beside the model's.
 */
export function encodeFile(model: OnnxModel): Uint8Array[] {
  return encodeParts(model);
}

type Part = Uint8Array<ArrayBufferLike>;

function encodeParts(model: OnnxModel, encodeFirstOutput: (writer: BinaryWriter) => void = () => {}): Part[] {
  const domains = new Set(model.nodes.map(({ domain = '' }) => domain));
  const graph = encoded((writer) => {
    for (const node of model.nodes) message(writer, 1, () => encodeNode(writer, node));
    text(writer, 2, 'tsgpt');
    for (const value of model.inputs) message(writer, 11, () => encodeValue(writer, value));
    encodeFirstOutput(writer);
    for (const value of model.outputs) message(writer, 12, () => encodeValue(writer, value));
  });
  return [
    encoded((writer) => {
      integer(writer, 1, formatVersion);
      text(writer, 2, 'tsgpt');
    }),
    ...lengthDelimited(7, [graph, ...model.initializers.flatMap((tensor) => lengthDelimited(5, encodeTensor(tensor)))]),
    encoded((writer) => {
      encodeOperatorSet(writer, '', operatorSetVersion);
      if (domains.has(microsoftDomain)) encodeOperatorSet(writer, microsoftDomain, microsoftVersion);
    }),
  ];
}

function encodeOperatorSet(writer: BinaryWriter, domain: string, version: number): void {
  message(writer, 8, () => {
    text(writer, 1, domain);
    integer(writer, 2, version);
  });
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

function encodeTensor({ name, type, shape, data }: OnnxTensor): Part[] {
  const head = encoded((writer) => {
    for (const length of shape) integer(writer, 1, length);
    integer(writer, 2, typeNumbers[type]);
    text(writer, 8, name);
    if (!(data instanceof Uint8Array)) encodePlace(writer, data);
  });
  return data instanceof Uint8Array ? [head, ...lengthDelimited(9, [data])] : [head];
}

function encodePlace(writer: BinaryWriter, { path, offset, length }: FileRegion): void {
  const entries = { location: fileName(path), offset: String(offset), length: String(length) };
  for (const [key, value] of Object.entries(entries)) {
    message(writer, 13, () => {
      text(writer, 1, key);
      text(writer, 2, value);
    });
  }
  integer(writer, 14, 1); // the elements are external
}

/** The last part of a path; files of one model lie in one folder. */
function fileName(path: string): string {
  return path.split(/[/\\]/).at(-1)!;
}

function encodeSequenceOutput(writer: BinaryWriter): void {
  message(writer, 12, () => {
    text(writer, 1, sequenceOutput);
    message(writer, 2, () => message(writer, 4, () => message(writer, 1, () => encodeType(writer, 'float32', []))));
  });
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
  if (isOpen(length)) {
    const { known, names } = factorsOf(length);
    text(writer, 2, [...(known === 1 ? [] : [known]), ...names.map((name) => lengthNames[name])].join('*'));
  } else {
    integer(writer, 1, length);
  }
}

function encoded(write: (writer: BinaryWriter) => void): Part {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}

/** A field made of parts, without joining them. */
function lengthDelimited(field: number, parts: readonly Part[]): Part[] {
  const length = parts.reduce((total, part) => total + part.length, 0);
  return [encoded((writer) => writer.tag(field, WireType.LengthDelimited).uint32(length)), ...parts];
}

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
