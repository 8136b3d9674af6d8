import { realpath } from 'node:fs/promises';
import type { SafetensorsWeights } from '../formats/safetensors/sharded.ts';
import type { StoredFloats } from '../graph/index.ts';
import type { WeightSource } from '../models/index.ts';

/** The element types that ONNX Runtime reads directly from a file. */
const formats: Partial<Record<string, StoredFloats['format']>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

/**
 * The same weights, but left in their files: a decoder's graph maps them into memory. Tensors of other types are read.
 */
export async function inPlace(weights: SafetensorsWeights): Promise<WeightSource> {
  const paths = new Set(Array.from(weights.tensors.keys(), (name) => weights.regionOf(name).path));
  // In the cache of the Hugging Face hub, a model's files are links out of its folder, which ONNX Runtime refuses.
  const realPaths = new Map<string, string>();
  for (const path of paths) realPaths.set(path, await realpath(path));
  return {
    tensors: weights.tensors,
    has: (name) => weights.has(name),
    readFloats: (name) => weights.readFloats(name),
    locate(name) {
      const { dtype, shape } = weights.tensors.get(name)!;
      const format = formats[dtype];
      if (!format) return undefined;
      const region = weights.regionOf(name);
      return { shape, stored: { format, data: { ...region, path: realPaths.get(region.path)! } } };
    },
  };
}
