import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureKind } from '../core/kind.ts';
import { blockSize, type ConstantLeaves, quantizeBlocks } from '../graph/index.ts';
import type { LanguageModel } from '../models/index.ts';
import { Linear, Parameter } from '../nn/index.ts';

/** The bits of a weight: `q8` has 8, `q4` has 4. Every 32 weights share a float32 scale. */
export type Quantization = 'q8' | 'q4';

export const quantizations: readonly Quantization[] = ['q8', 'q4'];

/** Bits of a weight and its share of the scale. */
export const bitsPerWeight = { float32: 32, q8: 9, q4: 5 };

/** Leaves parameters in their files; those in memory become ordinary constants. */
export const storageAsIs: ConstantLeaves['storageOf'] = (value) =>
  value instanceof Parameter ? value.stored : undefined;

const isStoredInBlocks = (value: unknown) => value instanceof Parameter && value.stored?.format === 'blocks';

/**
 * Quantizes the weights of all linear layers and the token embedding; the few other weights stay float32. The output head keeps 8 bits even with
 * `q4`, because every logit depends on it. A matrix stays float32 if the length of its rows is not a multiple of 32.
 */
export function quantizedStorage(model: LanguageModel, quantization: Quantization): ConstantLeaves['storageOf'] {
  ensureKind('quantizedStorage', 'a language model', model, 'namedModules', 'vocabularyWeights');
  ensure(
    quantizations.includes(quantization),
    `weights can be quantized as ${quantizations.join(' or ')}, but not as ${describeValue(quantization)}`,
  );
  const matrices = matricesOf(model);
  return (value) => {
    const kind = matrices.get(value as Parameter);
    if (kind === undefined || isStoredInBlocks(value)) return storageAsIs(value);
    const parameter = value as Parameter;
    if (!hasWholeBlocks(parameter)) return storageAsIs(value);
    const bits = quantization === 'q4' && kind === 'layer' ? 4 : 8;
    return quantizeBlocks(parameter.value, parameter.shape as [number, number], bits);
  };
}

/**
 * The paths of the matrices that quantization leaves as float32, because the length of their rows is not a multiple of 32; and how many there
 * are.
 */
export function unquantizedMatrices(model: LanguageModel): { left: string[]; total: number } {
  const wanted = matricesOf(model);
  const matrices = [...model.namedParameters()].filter(([, parameter]) => wanted.has(parameter));
  const left = matrices.filter(([, parameter]) => !hasWholeBlocks(parameter)).map(([path]) => path);
  return { left, total: matrices.length };
}

/** The matrices to quantize: those of linear layers, and those with a row for every token. */
function matricesOf(model: LanguageModel): Map<Parameter, 'layer' | 'vocabulary'> {
  const matrices = new Map<Parameter, 'layer' | 'vocabulary'>();
  for (const part of model.namedModules().values()) if (part instanceof Linear) matrices.set(part.weight, 'layer');
  for (const weight of model.vocabularyWeights) matrices.set(weight, 'vocabulary');
  return matrices;
}

const hasWholeBlocks = ({ shape }: Parameter) => shape[1]! % blockSize === 0;
