import { ensure } from '../core/errors.ts';
import { blockSize, type ConstantLeaves, quantizeBlocks } from '../graph/index.ts';
import type { LanguageModel } from '../models/index.ts';
import { Linear, Parameter } from '../nn/index.ts';

/** How many bits a weight takes: `q8` 8, `q4` 4, and one float32 scale for every 32 of them. */
export type Quantization = 'q8' | 'q4';

export const quantizations: readonly Quantization[] = ['q8', 'q4'];

/** Parameters where they lie, if that is not in memory. */
export const storageAsIs: ConstantLeaves['storageOf'] = (value) =>
  value instanceof Parameter ? value.stored : undefined;

const isStoredInBlocks = (value: unknown) => value instanceof Parameter && value.stored?.format === 'blocks';

/**
 * Stores the weights of all linear layers and the token embedding as small integers; everything else, which is little, stays float32. The
 * output head keeps 8 bits even with `q4`: every token's score depends on it. A matrix whose rows are no multiple of 32 long stays as it is.
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
