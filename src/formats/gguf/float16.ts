import { widenFloat16 } from '../half-floats.ts';

const bits = new Uint16Array(1);
const value = new Float32Array(1);
const valueBits = new Uint32Array(value.buffer);

/** The half-precision number stored little-endian at `offset`. */
export function readFloat16(bytes: Uint8Array, offset: number): number {
  bits[0] = bytes[offset]! | (bytes[offset + 1]! << 8);
  widenFloat16(bits, value);
  return value[0]!;
}

/**
 * The 16 bits of the half-precision number nearest to `x`, of two equally near the one whose last bit is 0. From 65,520 on that
 * is infinity. `x` is rounded to float32 first.
 */
export function toFloat16(x: number): number {
  value[0] = x;
  const sign = (valueBits[0]! >>> 16) & 0x8000;
  const magnitude = valueBits[0]! & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65,520 and more
  if (magnitude < 0x38800000) {
    // Below 2^-14 halves lie 2^-24 apart, exactly as floats in [0.5, 1) do: adding 0.5 rounds, and leaves the count of steps in
    // the last bits.
    value[0] = Math.abs(x) + 0.5;
    return sign | (valueBits[0]! - 0x3f000000);
  }
  // 13 of the 23 fraction bits go. The exponent's bias changes from 127 to 15; a carry out of the fraction raises it, as it should.
  const roundToEven = 0xfff + ((magnitude >> 13) & 1);
  return sign | ((magnitude + roundToEven - ((127 - 15) << 23)) >> 13);
}
