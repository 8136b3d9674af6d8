import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sizeOf } from '../../../src/core/shape.ts';
import { buildProgram } from '../../../src/graph/index.ts';
import { attend, causalMask } from '../../../src/nn/index.ts';
import { Random } from '../../../src/random/random.ts';
import { standardOnnx } from '../../../src/runtime/runtime.ts';
import { blockwiseAttention, concat, grad, type Tensor, tensor } from '../../../src/tensor/index.ts';

/** Random queries, keys and values `[2, 3, time, 8]`. */
function operands(time: number, seed: number): [Tensor, Tensor, Tensor] {
  const random = new Random(seed);
  const make = () => tensor(random.normals(2 * 3 * time * 8), { shape: [2, 3, time, 8] });
  return [make(), make(), make()];
}

const joined = (x: Tensor) => x.permute(0, 2, 1, 3).reshape([x.shape[0]!, x.shape[2]!, -1]);

const shapes = [
  { time: 20, blockSize: 8, window: undefined },
  { time: 24, blockSize: 8, window: undefined },
  { time: 20, blockSize: 64, window: undefined },
  { time: 20, blockSize: 8, window: 5 },
  { time: 20, blockSize: 4, window: 11 },
  { time: 20, blockSize: 1, window: 1 },
];

/** Attention with one mask over all scores. */
function whole(query: Tensor, key: Tensor, value: Tensor, window?: number): Tensor {
  const mask = causalMask(query.shape[2]!, window);
  return attend(joined(query), joined(key), joined(value), { nHeads: 3, mask });
}

test.each(shapes.flatMap((shape) => [true, false].map((recomputeWeights) => ({ ...shape, recomputeWeights }))))(
  'gives what attention as a whole gives, and its gradients: $time in $blockSize, window $window, recomputed $recomputeWeights',
  async ({ time, blockSize, window, recomputeWeights }) => {
    const [query, key, value] = operands(time, 1);
    const weights = tensor(new Random(2).normals(query.size), { shape: query.shape });
    const blockwise = blockwiseAttention(query, key, value, { blockSize, window, recomputeWeights });
    const expected = whole(query, key, value, window);
    expect(maxDifference(await joined(blockwise).floats(), await expected.floats())).toBeLessThan(2e-6);
    const ours = grad(blockwise.mul(weights).sum(), [query, key, value]);
    const theirs = grad(expected.mul(joined(weights)).sum(), [query, key, value]);
    for (const [i, gradient] of ours.entries()) {
      expect(maxDifference(await gradient.floats(), await theirs[i]!.floats())).toBeLessThan(5e-6);
    }
  },
);

test('leaves out products with keys that no query of a block sees', () => {
  const [query, key, value] = operands(512, 1);
  const scores = (blockSize: number) => {
    const mixed = blockwiseAttention(query, key, value, { blockSize, recomputeWeights: false });
    const { steps, values } = buildProgram(grad(mixed.sum(), [query, key, value]), standardOnnx);
    const softmaxes = steps.filter(({ node }) => node.operation.name === 'softmax');
    return softmaxes.reduce((total, { outputs }) => total + sizeOf(values[outputs[0]!]!.shape), 0);
  };
  // With four blocks, (1 + 2 + 3 + 4) / 16 of the whole; and the backward pass computes none of them again.
  expect(scores(128) / scores(512)).toBe(10 / 16);
});

test('a late key changes no earlier result', async () => {
  const [query, key, value] = operands(20, 1);
  const changed = (x: Tensor) => concat([x.slice(null, null, [0, 15]), x.slice(null, null, [15]).mul(1e6)], 2);
  const mix = async (k: Tensor, v: Tensor) =>
    blockwiseAttention(query, k, v, { blockSize: 8 }).slice(null, null, [0, 15]).floats();
  expect(await mix(changed(key), changed(value))).toEqual(await mix(key, value));
});

test('drops the same weights in both passes', async () => {
  const [query, key, value] = operands(12, 3);
  const blockSize = 5;
  const dropRate = 0.4;
  const mix = (v: Tensor, q = query) => blockwiseAttention(q, key, v, { blockSize, dropRate, random: new Random(9) });
  const weights = tensor(new Random(4).normals(query.size), { shape: query.shape });
  // The result is linear in the values, so their gradient, times them, is the result.
  const loss = mix(value).mul(weights).sum();
  const [gradient, ofQuery] = grad(loss, [value, query]);
  expect(await gradient!.mul(value).sum().item()).toBeCloseTo(await loss.item(), 3);
  const ones = tensor(new Float32Array(value.size).fill(1), { shape: value.shape });
  const kept = await mix(ones).floats();
  expect(Math.min(...kept)).toBeLessThan(0.9); // some weights are gone,
  expect(kept.reduce((a, b) => a + b, 0) / kept.length).toBeGreaterThan(0.85); // and the others larger
  // A finite difference in a direction of the queries.
  const direction = tensor(new Random(5).normals(query.size, 1e-2), { shape: query.shape });
  const at = async (sign: 1 | -1) =>
    (await mix(value, query.add(direction.mul(sign)))
      .mul(weights)
      .sum()
      .item()) / 2;
  const slope = (await at(1)) - (await at(-1));
  expect(await ofQuery!.mul(direction).sum().item()).toBeCloseTo(slope, 2);
});

test('memory grows with the time, not with its square', () => {
  const program = join(import.meta.dirname, '../../support/attention-process.ts');
  const [short, long] = [1024, 4096].map((time) =>
    Number(execFileSync(process.execPath, ['--import', 'tsx', program, String(time)], { encoding: 'utf8' })),
  );
  // Four times the time; the scores as a whole would be 16 times as many.
  expect(long! / short!).toBeLessThan(6);
  expect(long! / short!).toBeGreaterThan(2); // the peak is really that of the attention
});

function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}
