import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import {
  encodeModel,
  encodeModelParts,
  externalSize,
  type OnnxModel,
  separateLargeTensors,
} from '../../../../src/formats/onnx/index.ts';

const length = externalSize / 4 + 1;
const large = Float32Array.from({ length }, (_, i) => i);
const small = Float32Array.of(0.5);
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => new Uint8Array(buffer, byteOffset, byteLength);
const inFile = { path: '/models/weights.bin', offset: 8, length: 4 };
const value = (name: string) => ({ name, type: 'float32' as const, shape: [length] });

const model: OnnxModel = {
  nodes: [
    { operator: 'Add', inputs: ['x', 'large'], outputs: ['sum'], attributes: {}, floats: {} },
    { operator: 'Mul', inputs: ['sum', 'small'], outputs: ['y'], attributes: {}, floats: {} },
  ],
  initializers: [
    { name: 'large', type: 'float32', shape: [length], data: bytesOf(large) },
    { name: 'small', type: 'float32', shape: [1], data: bytesOf(small) },
  ],
  inputs: [value('x')],
  outputs: [value('y')],
};

async function run(bytes: Uint8Array, externalData: { path: string; data: Uint8Array }[] = []): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(bytes, { externalData });
  const { y } = await session.run({ x: new ort.Tensor('float32', new Float32Array(length).fill(1), [length]) });
  await session.release();
  return y!.data as Float32Array;
}

const expected = large.map((element) => (element + 1) / 2);

describe('the bytes of an ONNX model', () => {
  it('hold its tensors', async () => {
    expect(await run(encodeModel(model))).toEqual(expected);
  });

  it('come in parts that do not copy large tensors', () => {
    const parts = encodeModelParts(model);
    expect(parts.some((part) => part.buffer === large.buffer)).toBe(true);
    expect(Buffer.concat(parts)).toEqual(Buffer.from(encodeModel(model)));
  });
});

describe('a model without its large tensors', () => {
  it('only names them, and computes the same with them beside it', async () => {
    const { model: rest, external } = separateLargeTensors(model);
    expect(external).toEqual([{ name: 'large', data: bytesOf(large) }]);
    expect(external[0]!.data).toBe(model.initializers[0]!.data);
    const bytes = encodeModel(rest);
    expect(bytes.length).toBeLessThan(1000);
    const data = external.map(({ name, data }) => ({ path: name, data: data as Uint8Array }));
    expect(await run(bytes, data)).toEqual(expected);
  });

  it('leaves in files what is there, whatever its size', () => {
    const initializers = [{ ...model.initializers[1]!, data: inFile }];
    const separated = separateLargeTensors({ ...model, initializers });
    expect(separated.model.initializers).toEqual(initializers);
    expect(separated.external).toEqual([{ name: 'small', data: inFile }]);
  });
});
