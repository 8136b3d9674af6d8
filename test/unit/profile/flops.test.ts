import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sizeOf } from '../../../src/core/shape.ts';
import { flopsOf } from '../../../src/profile/flops.ts';

const length = fc.integer({ min: 1, max: 50 });

it('counts 2 m n k for a product, however its operands are stored', () => {
  fc.assert(
    fc.property(fc.array(length, { maxLength: 2 }), length, length, length, fc.boolean(), (stack, m, n, k, swapped) => {
      const left = [...stack, ...(swapped ? [k, m] : [m, k])];
      const outputs = [[...stack, m, n]];
      const flops = 2 * sizeOf(stack) * m * n * k;
      for (const operator of ['Gemm', 'MatMul', 'FusedMatMul', 'MatMulNBits']) {
        expect(flopsOf({ operator, inputs: [left, [...stack, k, n]], outputs })).toBe(flops);
        expect(flopsOf({ operator, inputs: [left], outputs })).toBe(flops); // the engine holds the right one
      }
    }),
  );
});

it('counts nothing for other operators', () => {
  for (const operator of ['Add', 'Softmax', 'Reshape', 'GroupQueryAttention', 'Gather', '']) {
    expect(flopsOf({ operator, inputs: [[2, 3], [3, 4]], outputs: [[2, 4]] })).toBe(0); // biome-ignore format: one line
  }
});
