/**
 * The two 16-bit floating-point formats, bfloat16 and IEEE 754's half precision. float32 represents all their numbers exactly.
 *
 * The widening functions read 16-bit patterns and write float32. `bits` may be the second half of `target`'s own memory, so that a tensor needs no
 * second buffer: element i is written to bytes 4i to 4i + 3, and all patterns that are still to be read come after them.
 */

/** bfloat16 is the upper half of a float32. */
export function widenBFloat16(bits: Uint16Array, target: Float32Array): void {
  const words = new Uint32Array(target.buffer, target.byteOffset, bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
}

/** IEEE 754 half precision: 1 sign bit, 5 exponent bits, 10 fraction bits. */
export function widenFloat16(bits: Uint16Array, target: Float32Array): void {
  float16Values ??= Float32Array.from({ length: 1 << 16 }, (_, pattern) => float16Value(pattern));
  for (let i = 0; i < bits.length; i++) target[i] = float16Values[bits[i]!]!;
}

/** The value of each of the 65,536 patterns, made when first needed: a look-up is faster than decoding every number. */
let float16Values: Float32Array | undefined;

function float16Value(pattern: number): number {
  const sign = pattern & 0x8000 ? -1 : 1;
  const exponent = (pattern >> 10) & 0x1f;
  const fraction = (pattern & 0x3ff) / 1024;
  if (exponent === 0) return sign * 2 ** -14 * fraction; // zero and subnormal
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * 2 ** (exponent - 15) * (1 + fraction);
}

/** The half-precision number stored little-endian at `offset`. */
export function readFloat16(bytes: Uint8Array, offset: number): number {
  half[0] = bytes[offset]! | (bytes[offset + 1]! << 8);
  widenFloat16(half, float);
  return float[0]!;
}

/**
 * The 16 bits of the half-precision number nearest to `x`; of two equally near ones, the one whose last bit is 0. From 65,520 on the result is
 * infinity. `x` is first rounded to float32.
 */
export function toFloat16(x: number): number {
  float[0] = x;
  const sign = (floatBits[0]! >>> 16) & 0x8000;
  const magnitude = floatBits[0]! & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65,520 and more
  if (magnitude < 0x38800000) {
    // Below 2^-14, half-precision numbers are 2^-24 apart, like floats in [0.5, 1). So adding 0.5 rounds to such a step, and the last bits are the
    // number of steps.
    float[0] = Math.abs(x) + 0.5;
    return sign | (floatBits[0]! - 0x3f000000);
  }
  // Drop 13 of the 23 fraction bits. The exponent's bias changes from 127 to 15; a carry out of the fraction correctly raises the exponent.
  const roundToEven = 0xfff + ((magnitude >> 13) & 1);
  return sign | ((magnitude + roundToEven - ((127 - 15) << 23)) >> 13);
}

/** The 16 bits of the bfloat16 number nearest to `x`; of two equally near ones, the one whose last bit is 0. `x` is first rounded to float32. */
export function toBFloat16(x: number): number {
  float[0] = x;
  if (Number.isNaN(x)) return 0x7fc0;
  const bits = floatBits[0]!;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

const half = new Uint16Array(1);
const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);
