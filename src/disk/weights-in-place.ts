import type { SafetensorsWeights } from '../formats/safetensors/sharded.ts';
import type { StoredFloats } from '../graph/index.ts';
import type { WeightSource } from '../models/index.ts';

/** The element types that ONNX Runtime reads directly from a file. */
const formats: Partial<Record<string, StoredFloats['format']>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

/**
 * The same weights, but left in their files: a decoder's graph maps them into memory. Tensors of other types are read.
 */
export function inPlace(weights: SafetensorsWeights): WeightSource {
  return {
    tensors: weights.tensors,
    has: (name) => weights.has(name),
    readFloats: (name) => weights.readFloats(name),
    locate(name) {
      const { dtype, shape } = weights.tensors.get(name)!;
      const format = formats[dtype];
      if (!format) return undefined;
      return { shape, stored: { format, data: weights.regionOf(name) } };
    },
  };
}
