import { afterAll, describe, expect, it, vi } from 'vitest';
import { compile } from '../../../src/compile/index.ts';
import { getRuntime, setRuntime } from '../../../src/runtime/index.ts';
import { createNodeRuntime } from '../../../src/runtime/node/node-runtime.ts';
import { sequenceOutput } from '../../../src/runtime/node/sequence-output.ts';
import { fromArray, type Tensor, tensor } from '../../../src/tensor/index.ts';

/**
 * The runtime asks for an output that the binding refuses, because that avoids copies (see `probeRefusal`). A later version of the
 * binding may behave differently. These tests make it do so; the results must be right anyway.
 */
type Behaviour = 'as it is' | 'refusing before it computes' | 'refusing nothing';

const binding = vi.hoisted(() => ({ behaviour: 'as it is' as Behaviour, requests: [] as string[][] }));

vi.mock('onnxruntime-node', async (importOriginal) => {
  const ort = await importOriginal<typeof import('onnxruntime-node')>();
  const wrapped = (session: import('onnxruntime-node').InferenceSession) => ({
    release: () => session.release(),
    run: async (feeds: object, fetches: Record<string, unknown>) => {
      binding.requests.push(Object.keys(fetches));
      const { sequence, ...others } = fetches;
      if (sequence === null && binding.behaviour === 'refusing before it computes')
        throw new Error('no sequences here');
      const wanted = binding.behaviour === 'refusing nothing' ? others : fetches;
      return session.run(feeds as never, wanted as never);
    },
  });
  const create = async (model: Uint8Array, options: object) =>
    wrapped(await ort.InferenceSession.create(model, options));
  return { ...ort, InferenceSession: { create } };
});

const original = await getRuntime();
afterAll(() => setRuntime(original));

async function useBinding(behaviour: Behaviour): Promise<void> {
  binding.behaviour = behaviour;
  setRuntime(await createNodeRuntime({ threads: 1 }));
  binding.requests = [];
}

describe.each<[Behaviour, asksForSequence: boolean]>([
  ['as it is', true],
  ['refusing before it computes', false],
  ['refusing nothing', false],
])('with a binding %s', (behaviour, asksForSequence) => {
  it('results are right', async () => {
    await useBinding(behaviour);
    const x = tensor([[1, 2], [3, 4]]); // biome-ignore format: a matrix
    expect(await x.matmul(x).array()).toEqual([[7, 10], [15, 22]]); // biome-ignore format: a matrix
    expect(await x.gt(2).array()).toEqual([[false, false], [true, true]]); // biome-ignore format: a matrix
    expect(await x.argmax(1).array()).toEqual([1, 1]);
    expect(binding.requests.length).toBe(3);
    for (const request of binding.requests) expect(request.includes(sequenceOutput)).toBe(asksForSequence);
  });

  it('results are written where they are wanted, over operands too', async () => {
    await useBinding(behaviour);
    const array = Float32Array.of(1, 2, 3);
    const f = compile((a: Tensor, b: Tensor) => [a.mul(2).add(b), a.sum()]);
    for (let i = 0; i < 3; i++) {
      const sum = array.reduce((a, b) => a + b);
      const expected = array.map((value) => 2 * value + 1);
      const [, total] = await f.run([fromArray(array, [3]), tensor([1, 1, 1])], [array]);
      expect([array, total]).toEqual([expected, Float32Array.of(sum)]);
    }
  });

  it('other errors come through', async () => {
    await useBinding(behaviour);
    // An index that the graph computes itself is not checked beforehand; the runtime finds it.
    const outside = tensor([4], { dtype: 'int32' }).add(1);
    await expect(
      tensor([[1], [2]])
        .rows(outside)
        .data(),
    ).rejects.toThrow(/out of data bounds/);
  });
});

describe('the Node runtime', () => {
  it('says how many threads it uses', async () => {
    expect((await createNodeRuntime({ threads: 3 })).name).toBe('onnxruntime-node (cpu, 3 threads)');
  });
});
