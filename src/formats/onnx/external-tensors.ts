import type { FileRegion } from '../../core/file-region.ts';
import { ensureModel, type OnnxModel, type OnnxTensor } from './model.ts';

/** Larger tensors, in bytes, stay out of a model's bytes, which may not exceed 2 GiB. */
export const externalSize = 1 << 16;

/** A tensor that a model's bytes refer to by name. */
export interface ExternalTensor {
  readonly name: string;
  readonly data: Uint8Array | FileRegion;
}

/**
 * Takes the large tensors out of a model, so that its bytes only name them and the runtime gets the tensors themselves, without a copy. Tensors in
 * files stay there.
 *
 * @param size the most bytes of a tensor in memory that stays in the model
 */
export function separateLargeTensors(
  model: OnnxModel,
  size = externalSize,
): { model: OnnxModel; external: ExternalTensor[] } {
  ensureModel('separateLargeTensors', model);
  const external: ExternalTensor[] = [];
  const initializers = model.initializers.map((tensor): OnnxTensor => {
    const { name, data } = tensor;
    if (data instanceof Uint8Array && data.length <= size) return tensor;
    external.push({ name, data });
    return data instanceof Uint8Array ? { ...tensor, data: { path: name, offset: 0, length: data.length } } : tensor;
  });
  return { model: { ...model, initializers }, external };
}
