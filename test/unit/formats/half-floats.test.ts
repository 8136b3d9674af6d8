import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBFloat16, widenBFloat16 } from '../../../src/formats/half-floats.ts';

const widened = (pattern: number) => {
  const target = new Float32Array(1);
  widenBFloat16(Uint16Array.of(pattern), target);
  return target[0]!;
};

describe('toBFloat16', () => {
  it('gives every bfloat16 number back', () => {
    for (let pattern = 0; pattern < 2 ** 16; pattern++) {
      const value = widened(pattern);
      if (Number.isNaN(value)) expect(widened(toBFloat16(value))).toBeNaN();
      else expect(toBFloat16(value)).toBe(pattern);
    }
  });

  it('rounds to the nearest, and a number in the middle to the even one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x7f7e }), fc.double({ min: 0, max: 1, noNaN: true }), (pattern, share) => {
        const [low, high] = [widened(pattern), widened(pattern + 1)];
        const value = Math.fround(low + (high - low) * share);
        const expected =
          value - low < high - value ? pattern : value - low > high - value ? pattern + 1 : pattern + (pattern & 1);
        expect(toBFloat16(value)).toBe(expected);
        expect(toBFloat16(-value)).toBe(expected + 0x8000);
      }),
    );
    for (const pattern of [0x3f80, 0x3f81]) {
      const middle = (widened(pattern) + widened(pattern + 1)) / 2;
      expect(toBFloat16(middle)).toBe(pattern + (pattern & 1));
    }
  });

  it('keeps infinities, and what is not a number', () => {
    expect(toBFloat16(Number.POSITIVE_INFINITY)).toBe(0x7f80);
    expect(toBFloat16(Number.NEGATIVE_INFINITY)).toBe(0xff80);
    expect(toBFloat16(Number.NaN)).toBe(0x7fc0);
    expect(toBFloat16(3.4e38)).toBe(0x7f80); // beyond the largest, 3.39e38
  });
});
