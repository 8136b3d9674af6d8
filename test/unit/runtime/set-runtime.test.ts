import { afterEach, describe, expect, it } from 'vitest';
import { bake, compile } from '../../../src/compile/index.ts';
import { getRuntime, type Runtime, setRuntime } from '../../../src/runtime/index.ts';
import { tensor } from '../../../src/tensor/index.ts';

const host = await getRuntime();
afterEach(() => setRuntime(host));

/** A runtime like the usual one that counts what it loads and can be made to fail. */
function countingRuntime(changes: Partial<Runtime> = {}): Runtime & { loads: number } {
  const runtime = {
    ...host,
    name: 'a runtime for tests',
    loads: 0,
    load: (...args: Parameters<Runtime['load']>) => {
      runtime.loads++;
      return host.load(...args);
    },
    ...changes,
  };
  return runtime;
}

describe('setRuntime', () => {
  it('changes where values are computed from then on; what was compiled and run before stays', async () => {
    const [first, second] = [countingRuntime(), countingRuntime()];
    const double = compile((x) => [x!.mul(2)]);
    const triple = compile((x) => [x!.mul(3)]);
    setRuntime(first);
    await double(tensor([1]));
    setRuntime(second);
    await double(tensor([2]));
    await triple(tensor([2]));
    expect([first.loads, second.loads]).toEqual([1, 1]);
    expect(await getRuntime()).toBe(second);
  });

  it('lets a function run that could not be loaded before', async () => {
    const broken = countingRuntime({ load: () => Promise.reject(new Error('no engine here')) });
    const double = compile((x) => [x!.mul(2)]);
    setRuntime(broken);
    await expect(double(tensor([1]))).rejects.toThrow('no engine here');
    setRuntime(countingRuntime());
    expect(await (await double(tensor([1])))[0]!.array()).toEqual([2]);
  });
});

describe('a runtime that cannot read files', () => {
  it('is not given a model with weights in files', async () => {
    setRuntime(countingRuntime({ capabilities: { ...host.capabilities, readsFiles: false } }));
    const weight = tensor([1, 2]);
    const inFile = { format: 'float32', data: { path: 'model.safetensors', offset: 0, length: 8 } } as const;
    const inputs = [{ name: 'x', shape: [2], dtype: 'float32' }] as const;
    const graph = bake(
      inputs,
      (x) => [x!.add(weight)],
      (value) => (value === weight ? inFile : undefined),
    );
    await expect(graph.run([Float32Array.of(1, 1)], {})).rejects.toThrow(
      'the weights of this model are in a file, which a runtime for tests cannot read; load the model into memory',
    );
    const inMemory = bake(inputs, (x) => [x!.add(weight)]);
    expect(await inMemory.run([Float32Array.of(1, 1)], {})).toEqual([Float32Array.of(2, 3)]);
  });
});
