import { describe, expect, it } from 'vitest';
import { RotaryEmbedding, type RotaryScaling, rotaryFrequencies } from '../../../src/nn/index.ts';
import { Random } from '../../../src/random/random.ts';
import { arange, concat, fromArray, randn, type Tensor } from '../../../src/tensor/index.ts';
import { checkGradients } from '../../support/check-gradients.ts';

const random = new Random(11);
const rotary = new RotaryEmbedding({ headDim: 6, theta: 100 });
const positions = (...values: number[]) => fromArray(Int32Array.from(values), [values.length]);

describe('rotary positions', () => {
  it('turn element i and element i + half, as a point in the plane, by position times theta^(-i / half)', async () => {
    const x = randn([1, 3, 2, 6], random);
    const at = [0, 5, 100_000];
    const before = await x.array<number[][][][]>();
    const after = await rotary.rotate(x, positions(...at)).array<number[][][][]>();
    for (const [t, position] of at.entries()) {
      for (const head of [0, 1]) {
        for (const i of [0, 1, 2]) {
          const frequency = Math.fround(1 / Math.fround(100 ** Math.fround(i / 3)));
          // The angle is a float32: at large positions its rounding is far larger than that of the rest.
          const angle = Math.fround(position * frequency);
          const [a, b] = [before[0]![t]![head]![i]!, before[0]![t]![head]![i + 3]!];
          expect(after[0]![t]![head]![i]).toBeCloseTo(a * Math.cos(angle) - b * Math.sin(angle), 5);
          expect(after[0]![t]![head]![i + 3]).toBeCloseTo(b * Math.cos(angle) + a * Math.sin(angle), 5);
        }
      }
    }
  });

  it('leave the first position as it is', async () => {
    const x = randn([2, 1, 3, 6], random);
    expect(await rotary.rotate(x, positions(0)).data()).toEqual(await x.data());
  });

  it('make the product of a query and a key depend on their distance alone', async () => {
    const [query, key] = [randn([1, 1, 1, 6], random), randn([1, 1, 1, 6], random)];
    const product = (m: number, n: number) =>
      rotary.rotate(query, positions(m)).mul(rotary.rotate(key, positions(n))).sum().item(); // biome-ignore format: one line
    const near = await product(7, 3);
    expect(await product(4, 0)).toBeCloseTo(near, 5);
    expect(await product(1004, 1000)).toBeCloseTo(near, 3);
    expect(Math.abs((await product(3, 7)) - near)).toBeGreaterThan(0.01);
    expect(Math.abs((await product(8, 3)) - near)).toBeGreaterThan(0.01);
  });

  it('may differ from text to text', async () => {
    const x = randn([2, 3, 1, 6], random);
    const both = await rotary.rotate(x, fromArray(Int32Array.of(4, 5, 6, 0, 1, 2), [2, 3])).data();
    const first = rotary.rotate(x.slice([0, 1]), positions(4, 5, 6));
    const second = rotary.rotate(x.slice([1, 2]), arange(3));
    expect(both).toEqual(await concat([first, second]).data());
  });

  it('have a gradient', () =>
    checkGradients(([x]) => rotary.rotate(x!, positions(0, 3, 9)), [randn([2, 3, 2, 6], random)]));

  it('need rows of the length they were made for', () => {
    const wrong: Tensor = randn([1, 1, 1, 4], random);
    expect(() => rotary.rotate(wrong, positions(0))).toThrow('must be twice as long');
    expect(() => new RotaryEmbedding({ headDim: 5, theta: 100 })).toThrow('headDim must be even, but is 5');
  });
});

describe('scaled rotary frequencies', () => {
  const frequencies = (scaling?: RotaryScaling) => [...rotaryFrequencies({ headDim: 12, theta: 1e6, scaling })];
  const plain = frequencies();

  it('are powers of theta', () => {
    for (const [i, frequency] of plain.entries()) expect(frequency * 1e6 ** (i / 6)).toBeCloseTo(1, 6);
  });

  it('that are linear are all smaller by the factor', () => {
    const scaled = frequencies({ kind: 'linear', factor: 4 });
    expect(scaled).toEqual(plain.map((frequency) => frequency / 4));
  });

  it('of Llama 3 are reduced more, the more slowly they turn', () => {
    const originalContextLength = 600;
    const scaling: RotaryScaling = {
      kind: 'llama3',
      factor: 8,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 40,
      originalContextLength,
    };
    const scaled = frequencies(scaling);
    const turns = plain.map((frequency) => (originalContextLength * frequency) / (2 * Math.PI));
    // 95 turns, 9.5 and less than one: one frequency stays, one comes to lie between, four are divided.
    expect(turns.map((count) => (count > 40 ? 'fast' : count < 1 ? 'slow' : 'between'))).toEqual([
      ...['fast', 'between'],
      ...['slow', 'slow', 'slow', 'slow'],
    ]);
    expect(scaled[0]).toBe(plain[0]);
    expect(scaled.slice(2)).toEqual(plain.slice(2).map((frequency) => frequency / 8));
    const kept = (turns[1]! - 1) / 39;
    expect(scaled[1]! / plain[1]!).toBeCloseTo(kept + (1 - kept) / 8, 6);
  });
});
