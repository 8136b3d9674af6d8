import { describe, expect, it, onTestFinished } from 'vitest';
import type { OnnxModel, OnnxValue } from '../../../src/formats/onnx/model.ts';
import { createNodeRuntime } from '../../../src/runtime/node/node-runtime.ts';
import { ownTmpdir } from '../../support/own-tmpdir.ts';

const value = (name: string): OnnxValue => ({ name, type: 'float32', shape: [2, 2] });
const node = (operator: string, inputs: string[], output: string, name?: string) => ({
  ...{ operator, inputs, outputs: [output], attributes: {}, floats: {} },
  ...(name && { name }),
});
const model: OnnxModel = {
  nodes: [node('MatMul', ['x', 'x'], 'product', 'a.b|forward|matmul|MatMul_1'), node('Relu', ['product'], 'result')],
  initializers: [],
  inputs: [value('x')],
  outputs: [value('result')],
};

const temporary = ownTmpdir();

describe('a profiled model', () => {
  it('computes as ever and tells the times, names and shapes of its operators, run by run', async () => {
    const runtime = await createNodeRuntime({ threads: 1 });
    const executable = await runtime.loadProfiled!(model, { parallel: false });
    const outputs = [1, 2, 3].map(() => new Float32Array(4));
    for (const output of outputs) await executable.run([Float32Array.of(1, 2, 3, 4)], [output]);
    for (const output of outputs) expect([...output]).toEqual([7, 10, 15, 22]);
    const runs = await executable.endProfile();
    expect(runs).toHaveLength(3);
    for (const { milliseconds, operators, memory } of runs) {
      const product = operators.find(({ operator }) => operator === 'MatMul')!;
      expect(product).toMatchObject({ name: 'a.b|forward|matmul|MatMul_1', inputs: [[2, 2], [2, 2]], outputs: [[2, 2]] }); // biome-ignore format: one line
      const total = operators.reduce((sum, operator) => sum + operator.milliseconds, 0);
      expect(total).toBeLessThanOrEqual(milliseconds);
      expect(operators.map(({ operator }) => operator)).toContain('Relu');
      expect(memory!.atPeak).toBeGreaterThanOrEqual(memory!.atStart);
      expect(memory!.reserved).toBeGreaterThanOrEqual(0);
    }
    expect(temporary.notes()).toEqual([]);
    await executable.run([Float32Array.of(1, 0, 0, 1)], [outputs[0]!]); // it runs on
    expect([...outputs[0]!]).toEqual([1, 0, 0, 1]);
    await executable.dispose();
  });

  it('leaves no file when it is disposed of unread, or cannot be loaded', async () => {
    const listeners = process.listenerCount('exit');
    const runtime = await createNodeRuntime({ threads: 1 });
    const executable = await runtime.loadProfiled!(model, { parallel: false });
    expect(temporary.notes()).toHaveLength(1);
    await executable.run([new Float32Array(4)], [new Float32Array(4)]);
    await executable.dispose();
    expect(temporary.notes()).toEqual([]);
    const broken = { ...model, nodes: [node('NoSuchOperator', ['x'], 'result')] };
    await expect(runtime.loadProfiled!(broken, { parallel: false })).rejects.toThrow();
    expect(temporary.notes()).toEqual([]);
    expect(process.listenerCount('exit')).toBe(listeners);
  });

  it('says where it cannot write', async () => {
    process.env.TMPDIR = '/no/such/folder';
    onTestFinished(() => {
      process.env.TMPDIR = temporary.path();
    });
    const runtime = await createNodeRuntime({ threads: 1 });
    await expect(runtime.loadProfiled!(model, { parallel: false })).rejects.toThrow(
      /^cannot note the times of operators in \/no\/such\/folder: .+; name a folder that can be written to in TMPDIR$/,
    );
  });

  it('comes with the memory of the process', async () => {
    const { peak, heap, arrays } = (await createNodeRuntime()).processMemory!();
    expect(heap).toBeGreaterThan(1e6);
    expect(arrays).toBeGreaterThan(0);
    expect(peak).toBeGreaterThan(heap + arrays);
  });
});
