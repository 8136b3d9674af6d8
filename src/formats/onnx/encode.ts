import { type BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { FileRegion } from '../../core/file-region.ts';
import { factorsOf, isOpen, type OpenLength } from '../../core/open-length.ts';
import type { Shape } from '../../core/shape.ts';
import {
  ensureModel,
  microsoftDomain,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxType,
  type OnnxValue,
  typeNumbers,
} from './model.ts';
import { concatBytes, encoded, integer, lengthDelimited, message, text } from './wire.ts';

// Field numbers are those of the specification's `onnx.proto3` (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).

/** The version of the operator set; 20 is the first with Gelu. */
const operatorSetVersion = 20;
const microsoftVersion = 1;
const formatVersion = 9;

/** The names of open lengths in files, as in Hugging Face's. */
const lengthNames: Readonly<Record<OpenLength, string>> = {
  batch: 'batch_size',
  time: 'sequence_length',
  past: 'past_sequence_length',
  total: 'total_sequence_length',
  selected: 'selected',
  capacity: 'capacity',
};

/** A model as the bytes of an `.onnx` file. A tensor that is a {@link FileRegion} stays in its file. */
export function encodeModel(model: OnnxModel): Uint8Array {
  return concatBytes(encodeModelParts(model));
}

/**
 * Like {@link encodeModel}, in parts to write one after the other: the bytes of tensors are not copied. The path of a
 * {@link FileRegion} must begin at the folder of the model, with `/` between its parts.
 */
export function encodeModelParts(model: OnnxModel): Uint8Array[] {
  ensureModel('encodeModel', model);
  const domains = new Set(model.nodes.map(({ domain = '' }) => domain));
  const graph = encoded((writer) => {
    for (const node of model.nodes) message(writer, 1, () => encodeNode(writer, node));
    text(writer, 2, 'tsgpt');
    for (const value of model.inputs) message(writer, 11, () => encodeValue(writer, value));
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
  text(writer, 3, node.name ?? `${node.operator}_${node.outputs[0]}`);
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

function encodeTensor({ name, type, shape, data }: OnnxTensor): Uint8Array[] {
  const head = encoded((writer) => {
    for (const length of shape) integer(writer, 1, length);
    integer(writer, 2, typeNumbers[type]);
    text(writer, 8, name);
    if (!(data instanceof Uint8Array)) encodePlace(writer, data);
  });
  return data instanceof Uint8Array ? [head, ...lengthDelimited(9, [data])] : [head];
}

function encodePlace(writer: BinaryWriter, { path, offset, length }: FileRegion): void {
  const entries = { location: path, offset: String(offset), length: String(length) };
  for (const [key, value] of Object.entries(entries)) {
    message(writer, 13, () => {
      text(writer, 1, key);
      text(writer, 2, value);
    });
  }
  integer(writer, 14, 1); // the elements are external
}

function encodeValue(writer: BinaryWriter, { name, type, shape, isSequence }: OnnxValue): void {
  const encodeTensorType = () => encodeType(writer, type, shape);
  text(writer, 1, name);
  message(writer, 2, () => {
    if (isSequence) message(writer, 4, () => message(writer, 1, encodeTensorType));
    else encodeTensorType();
  });
}

function encodeType(writer: BinaryWriter, type: OnnxType, shape: Shape): void {
  message(writer, 1, () => {
    integer(writer, 1, typeNumbers[type]);
    message(writer, 2, () => {
      for (const length of shape) message(writer, 1, () => encodeLength(writer, length));
    });
  });
}

/** A dimension: its length, or a name if the length is open. */
function encodeLength(writer: BinaryWriter, length: number): void {
  if (isOpen(length)) {
    const { known, names } = factorsOf(length);
    text(writer, 2, [...(known === 1 ? [] : [known]), ...names.map((name) => lengthNames[name])].join('*'));
  } else {
    integer(writer, 1, length);
  }
}
