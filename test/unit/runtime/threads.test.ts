import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../../../src/compile/index.ts';
import { GPT2 } from '../../../src/models/index.ts';
import { Random } from '../../../src/random/random.ts';
import { getRuntime, type Runtime, setRuntime } from '../../../src/runtime/index.ts';
import { createNodeRuntime } from '../../../src/runtime/node/node-runtime.ts';
import { fromArray, grad, randn, type Tensor } from '../../../src/tensor/index.ts';
import { sumRowsByIndex } from '../../../src/tensor/primitives/indexing.ts';

/** Sums must not depend on the number of threads or on which of them is first, so that a run can be repeated exactly. */

const original: Runtime = await getRuntime();
afterAll(() => setRuntime(original));

type Results = readonly Uint8Array[];
const bytesOf = (results: readonly ArrayBufferView[]): Results =>
  results.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength).slice());

/** Runs the same graph `repeats` times with 1, 2 and 3 threads; every result must have the bits of the first. */
async function expectSameBits(make: (...args: Tensor[]) => readonly Tensor[], args: Tensor[], repeats = 10) {
  let first: Results | undefined;
  for (const threads of [1, 2, 3]) {
    setRuntime(await createNodeRuntime({ threads }));
    const f = compile(make);
    for (let repeat = 0; repeat < repeats; repeat++) {
      const results = bytesOf(await f.run(args));
      first ??= results;
      for (const [i, result] of results.entries()) {
        // Buffer.compare, because a failing toEqual would print a hundred thousand bytes.
        expect(Buffer.compare(result, first[i]!), `output ${i}, ${threads} threads, repeat ${repeat}`).toBe(0);
      }
    }
  }
}

const random = new Random(42);
/** Token ids, a few of them very frequent. */
const tokens = (count: number, vocabSize: number) =>
  Int32Array.from({ length: count }, () => random.integer(random.integer(2) ? vocabSize : 3));

describe('results are the same bits with any number of threads', () => {
  const [batch, time] = [4, 32];
  it.each([
    ['smaller than the number of tokens', 65],
    ['larger than the number of tokens', 1000],
  ])('the loss and gradients of a GPT-2 with a vocabulary %s', async (_, vocabSize) => {
    const config = { vocabSize, contextLength: time, embDim: 64, nHeads: 4, nLayers: 2, dropRate: 0 };
    const model = new GPT2({ ...config, qkvBias: true, tiedHead: true }, random);
    const ids = () => fromArray(tokens(batch * time, vocabSize), [batch, time]);
    await expectSameBits(
      (x, y) => {
        const loss = model.loss(x!, y!);
        return [loss, ...grad(loss, model.parameters())];
      },
      [ids(), ids()],
    );
  });

  it.each([
    ['shorter', 65],
    ['longer', 3000],
  ])('sums of rows by index into a table %s than the rows', async (_, length) => {
    const index = fromArray(tokens(512, length), [512]);
    await expectSameBits((rows, at) => [sumRowsByIndex(rows!, at!, length)], [randn([512, 64], random), index]);
  });

  it('long sums, means, norms and softmax', async () => {
    const x = randn([300, 257], random);
    await expectSameBits(
      (a) => [a!.sum(), a!.sum(0), a!.mean(1), a!.mul(a!).sum(), a!.softmax(-1), a!.softmax(0), a!.logSumExp(0)],
      [x],
    );
  });

  it('scattered sums with repeated places', async () => {
    const index = fromArray(tokens(4000, 50), [200, 20]);
    await expectSameBits(
      (a, at, source) => [a!.scatterAdd(0, at!, source!)],
      [randn([50, 20], random), index, randn([200, 20], random)],
    );
  });
});
