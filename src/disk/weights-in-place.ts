import type { FileRegion } from '../core/file-region.ts';
import type { Shape } from '../core/shape.ts';
import type { StoredFloats } from '../graph/index.ts';
import type { WeightSource } from '../models/index.ts';

/** Weights in files: each tensor is in one region, in one format. */
export interface WeightsInFiles extends WeightSource {
  /** The shapes and the names of the element types; safetensors calls them dtypes. */
  readonly tensors: ReadonlyMap<string, { shape: Shape; dtype?: string; type?: string }>;
  regionOf(name: string): FileRegion;
}

/** The element types that ONNX Runtime reads directly from a file. */
const formats: Partial<Record<string, StoredFloats['format']>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

/**
 * The same weights, but left in their files: a decoder's graph maps them into memory. Tensors of other types are read.
 */
export function inPlace(weights: WeightsInFiles): WeightSource {
  return {
    tensors: weights.tensors,
    has: (name) => weights.has(name),
    readFloats: (name) => weights.readFloats(name),
    locate(name) {
      const { shape, dtype, type = dtype } = weights.tensors.get(name)!;
      const format = formats[type!];
      if (!format) return undefined;
      return { shape, stored: { format, data: weights.regionOf(name) } };
    },
  };
}
