import { expect, it } from 'vitest';
import type { OnnxModel } from '../../../src/formats/onnx/model.ts';
import { largestFirst } from '../../../src/runtime/node/largest-first.ts';
import { createNodeRuntime } from '../../../src/runtime/node/node-runtime.ts';

const node = (operator: string, inputs: string[], output: string) => ({ operator, inputs, outputs: [output], attributes: {}, floats: {} }); // biome-ignore format: one line
const zeros = (name: string, shape: number[]) => ({ name, type: 'float32', shape, data: new Uint8Array(4 * shape[0]! * shape[1]!) }) as const; // biome-ignore format: one line

const model: OnnxModel = {
  nodes: [node('MatMul', ['x', 'small'], 'y'), node('Relu', ['y'], 'z'), node('MatMul', ['z', 'large'], 'result')],
  initializers: [zeros('small', [4, 8]), zeros('large', [8, 40])],
  inputs: [{ name: 'x', type: 'float32', shape: [1, 4] }],
  outputs: [{ name: 'result', type: 'float32', shape: [1, 40] }],
};

it('the operator with the largest constant comes first, the others stay in their order', () => {
  const names = largestFirst(model).map(({ outputs }) => outputs[0]);
  expect(names).toEqual(['result', 'y', 'z']);
  const without = { ...model, initializers: [] };
  expect(largestFirst(without)).toEqual(model.nodes);
});

it('ONNX Runtime runs the operators in an order of its own', async () => {
  const runtime = await createNodeRuntime({ threads: 1 });
  const executable = await runtime.load(model, { parallel: false });
  const result = new Float32Array(40).fill(1);
  await executable.run([Float32Array.of(1, 2, 3, 4)], [result]);
  expect(result).toEqual(new Float32Array(40));
  await executable.dispose();
});
