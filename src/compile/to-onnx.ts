import { ensure } from '../core/errors.ts';
import { ensureFunction, ensureKind } from '../core/kind.ts';
import type { OnnxModel, OnnxType } from '../formats/onnx/model.ts';
import { buildProgram, type ConstantLeaves, lowerProgram } from '../graph/index.ts';
import { standardOnnx } from '../runtime/index.ts';
import { ensureTensors } from '../tensor/operands.ts';
import type { TensorType } from '../tensor/primitive.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { placeholdersFor } from './compile.ts';

/** An argument of the function, and its type in the model. */
export interface OnnxInput extends TensorType {
  readonly name: string;
  /** The type of the model's input; many programs use int64 for all whole numbers. Defaults to the tensor's type. */
  readonly onnxType?: OnnxType;
}

/**
 * Makes an ONNX model for other programs from a function of tensors, with the given names of inputs and outputs. It has only ONNX's own operators,
 * except where `storageOf` stores weights in blocks. As in {@link bake}, parameters are part of the model, and shapes may contain
 * `openLengths`; each must be a whole dimension of some input.
 */
export function toOnnx(
  inputs: readonly OnnxInput[],
  fn: (...args: Tensor[]) => Readonly<Record<string, Tensor>>,
  storageOf: ConstantLeaves['storageOf'] = () => undefined,
): OnnxModel {
  ensureFunction('toOnnx', 'what to compile', fn);
  const { placeholders, isConstant } = placeholdersFor(inputs);
  const outputs = fn(...placeholders);
  ensureKind('toOnnx', 'a function that returns tensors by their names', outputs);
  ensureTensors('toOnnx', ...Object.values(outputs));
  const names = [...inputs.map(({ name }) => name), ...Object.keys(outputs)];
  ensure(new Set(names).size === names.length, () => `inputs and outputs need names of their own: ${names.join(', ')}`);
  const program = buildProgram(Object.values(outputs), standardOnnx, isConstant);
  const signature = {
    inputs: inputs.map(({ name, shape, dtype, onnxType = dtype }) => ({ name, shape, type: onnxType })),
    outputs: Object.keys(outputs),
  };
  return lowerProgram(program, { storageOf, signature });
}
