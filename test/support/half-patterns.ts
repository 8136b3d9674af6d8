import { toFloat16 } from '../../src/formats/half-floats.ts';

/** The numbers as bit patterns of 16: half precision, or float32 without its lower half. */
export function halfPatterns(data: Float32Array, dtype: 'F16' | 'BF16'): Uint16Array {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const patterns = new Uint16Array(data.length);
  for (let i = 0; i < data.length; i++) patterns[i] = dtype === 'F16' ? toFloat16(data[i]!) : bits[i]! >>> 16;
  return patterns;
}
