/**
 * Widening of the two 16-bit float formats. Both are exact in float32.
 *
 * Each function reads 16-bit patterns and writes float32. `bits` may be the second half of `target`'s own memory, so that a
 * tensor needs no second buffer: element i is written to bytes 4i..4i+3, and every pattern not read yet lies further on.
 */

/** bfloat16 is the upper half of a float32. */
export function widenBFloat16(bits: Uint16Array, target: Float32Array): void {
  const words = new Uint32Array(target.buffer, target.byteOffset, bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
}

/** IEEE 754 half precision: 1 sign bit, 5 exponent bits, 10 fraction bits. */
export function widenFloat16(bits: Uint16Array, target: Float32Array): void {
  for (let i = 0; i < bits.length; i++) target[i] = FLOAT16_VALUES[bits[i]!]!;
}

/** The value of each of the 65,536 patterns: a look-up is faster than taking every number apart. */
const FLOAT16_VALUES = Float32Array.from({ length: 1 << 16 }, (_, pattern) => {
  const sign = pattern & 0x8000 ? -1 : 1;
  const exponent = (pattern >> 10) & 0x1f;
  const fraction = (pattern & 0x3ff) / 1024;
  if (exponent === 0) return sign * 2 ** -14 * fraction; // zero and subnormal
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * 2 ** (exponent - 15) * (1 + fraction);
});
