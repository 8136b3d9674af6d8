import { ensure } from '../core/errors.ts';
import { blockSize, type ConstantLeaves, quantizeBlocks } from '../graph/index.ts';
import type { LanguageModel } from '../models/index.ts';
import { Linear, Parameter } from '../nn/index.ts';

/** The bits of a weight: `q8` has 8, `q4` has 4. Every 32 weights share a float32 scale. */
export type Quantization = 'q8' | 'q4';

export const quantizations: readonly Quantization[] = ['q8', 'q4'];

/** Leaves parameters in their files; those in memory become ordinary constants. */
export const storageAsIs: ConstantLeaves['storageOf'] = (value) =>
  value instanceof Parameter ? value.stored : undefined;

const isStoredInBlocks = (value: unknown) => value instanceof Parameter && value.stored?.format === 'blocks';

/**
 * Quantizes the weights of all linear layers and the token embedding; the few other weights stay float32. The output head keeps 8 bits even with
 * `q4`, because every logit depends on it. A matrix stays float32 if the length of its rows is not a multiple of 32.
 */
export function quantizedStorage(model: LanguageModel, quantization: Quantization): ConstantLeaves['storageOf'] {
  ensure(
    quantizations.includes(quantization),
    `weights can be quantized as ${quantizations.join(' or ')}, but not as ${quantization}`,
  );
  const bits = new Map<unknown, 4 | 8>();
  for (const part of model.namedModules().values()) {
    if (part instanceof Linear) bits.set(part.weight, quantization === 'q4' ? 4 : 8);
  }
  for (const weight of model.vocabularyWeights) bits.set(weight, 8);
  return (value) => {
    const wanted = bits.get(value);
    if (wanted === undefined || isStoredInBlocks(value)) return storageAsIs(value);
    const parameter = value as Parameter;
    if (parameter.shape[1]! % blockSize !== 0) return storageAsIs(value);
    return quantizeBlocks(parameter.value, parameter.shape as [number, number], wanted);
  };
}
