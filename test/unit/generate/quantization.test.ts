import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decoder, type Quantization } from '../../../src/generate/index.ts';
import { quantizeBlocks } from '../../../src/graph/index.ts';
import type { StoredBlocks } from '../../../src/graph/stored-constant.ts';
import { GPT2 } from '../../../src/models/index.ts';
import { Random } from '../../../src/random/random.ts';

/** The numbers that blocks stand for. */
function dequantize({ bits, blockSize, integers, scales }: StoredBlocks): number[] {
  const bytes = integers as Uint8Array;
  const units = bits === 8 ? [...bytes] : [...bytes].flatMap((byte) => [byte & 15, byte >> 4]);
  const scaleOf = new Float32Array((scales as Uint8Array).buffer);
  return units.map((unit, i) => (unit - 2 ** (bits - 1)) * scaleOf[Math.floor(i / blockSize)]!);
}

const matrices = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 })).chain(([rows, blocks]) =>
  fc
    .array(fc.oneof(fc.constant(0), fc.float({ min: -100, max: 100, noNaN: true })), {
      minLength: rows * blocks * 32,
      maxLength: rows * blocks * 32,
    })
    .map((values) => ({ shape: [rows, blocks * 32] as const, values: Float32Array.from(values) })),
);

describe('blocks of small integers', () => {
  it('of 8 bits stand for numbers at most half a step away, the largest being 127 steps', () => {
    fc.assert(
      fc.property(matrices, ({ shape, values }) => {
        const stored = dequantize(quantizeBlocks(values, shape, 8));
        for (let block = 0; block < values.length; block += 32) {
          const step = Math.max(...values.subarray(block, block + 32).map(Math.abs)) / 127;
          for (let i = block; i < block + 32; i++)
            expect(Math.abs(stored[i]! - values[i]!)).toBeLessThanOrEqual(0.501 * step);
        }
      }),
    );
  });

  it('of 4 bits hit the largest number, and stand for others at most a step away', () => {
    fc.assert(
      fc.property(matrices, ({ shape, values }) => {
        const stored = dequantize(quantizeBlocks(values, shape, 4));
        for (let block = 0; block < values.length; block += 32) {
          const numbers = [...values.subarray(block, block + 32)];
          const largest = Math.max(...numbers.map(Math.abs));
          const at = numbers.findIndex((value) => Math.abs(value) === largest);
          expect(stored[block + at]).toBeCloseTo(numbers[at]!, 4);
          // One step is an eighth of the largest; the other end of the range is only seven steps away.
          for (const [i, value] of numbers.entries()) {
            expect(Math.abs(stored[block + i]! - value)).toBeLessThanOrEqual((1.001 * largest) / 8);
          }
        }
      }),
    );
  });

  it('are the ones worked out by hand', () => {
    const values = new Float32Array(32);
    values.set([-8, 7, 0.4, 0.6, -1]);
    const { integers, scales } = quantizeBlocks(values, [1, 32], 4);
    expect(new Float32Array((scales as Uint8Array).buffer)).toEqual(Float32Array.of(1));
    // 8 more than each number, rounded: 0 and 15, 8 and 9, 7 and 8.
    expect([...(integers as Uint8Array).subarray(0, 3)]).toEqual([0xf0, 0x98, 0x87]);
    const bytes = quantizeBlocks(values.map((value) => value * 127), [1, 32], 8); // biome-ignore format: one line
    expect([...(bytes.integers as Uint8Array).subarray(0, 3)]).toEqual([1, 239, 134]);
  });

  it('need rows of whole blocks', () => {
    expect(() => quantizeBlocks(new Float32Array(40), [1, 40], 8)).toThrow('multiples of 32 long');
  });
});

describe('a quantized decoder', () => {
  const shape = { vocabSize: 90, contextLength: 16, embDim: 64, nHeads: 2, nLayers: 2, dropRate: 0 };

  it.each<[Quantization, boolean, number]>([
    ['q8', true, 0.04],
    ['q8', false, 0.04],
    ['q4', true, 0.45],
    ['q4', false, 0.45],
  ])('%s, head tied %s, has nearly the logits of the model', async (quantize, tiedHead, tolerance) => {
    const model = new GPT2({ ...shape, tiedHead, qkvBias: true }, new Random(4));
    for (const parameter of model.parameters()) parameter.value = parameter.value.map((value) => 3 * value);
    await using exact = new Decoder(model);
    await using rounded = new Decoder(model, { quantize });
    const ids = [5, 80, 3, 3, 41];
    for (const chunk of [[ids], [[7]]]) {
      const [expected] = await exact.append(exact.createCache(), chunk);
      const [actual] = await rounded.append(rounded.createCache(), chunk);
      const size = Math.sqrt(expected!.reduce((sum, logit) => sum + logit ** 2, 0) / expected!.length);
      const error = Math.sqrt(
        expected!.reduce((sum, logit, i) => sum + (logit - actual![i]!) ** 2, 0) / expected!.length,
      );
      expect(error / size).toBeLessThan(tolerance);
      expect(error).toBeGreaterThan(0); // it did round something
    }
  });

  it('leaves matrices alone whose rows are no whole blocks', async () => {
    const model = new GPT2({ ...shape, embDim: 24, tiedHead: true, qkvBias: false }, new Random(4));
    await using exact = new Decoder(model);
    await using rounded = new Decoder(model, { quantize: 'q4' });
    const [expected] = await exact.append(exact.createCache(), [[1, 2]]);
    const [actual] = await rounded.append(rounded.createCache(), [[1, 2]]);
    // Only the layer that reads 96 numbers is rounded.
    expect(Math.max(...expected!.map((logit, i) => Math.abs(logit - actual![i]!)))).toBeLessThan(0.05);
  });

  it('refuses other numbers of bits', () => {
    const model = new GPT2({ ...shape, tiedHead: true, qkvBias: false });
    expect(() => new Decoder(model, { quantize: 'q5' as Quantization })).toThrow("as q8 or q4, but not as 'q5'");
  });
});
