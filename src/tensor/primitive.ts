import type { DType, HostArray } from '../core/dtype.ts';
import { ensure } from '../core/errors.ts';
import { broadcastShapes, type Shape } from '../core/shape.ts';
import { type Attributes, currentScope, type GraphNode, type LeafCheck, type Operation } from '../graph/index.ts';
import { ensureTensors } from './operands.ts';
import { ensureNewName, primitives } from './registry.ts';
import { Tensor } from './tensor.ts';

/**
 * An operation on tensors, complete in one entry.
 *
 * To add one, define it in a file of `primitives/`. If it consists of others, a plain function is enough, or a {@link Composite} if it has its
 * own ONNX operator or gradient. Give it a method in `tensor.ts` or an export in `index.ts`, a case in `gradients.test.ts` and, for a primitive,
 * a rule in the tests' host evaluator; the tests say what is missing.
 */
export interface Primitive<A extends Attributes = Attributes> extends Operation<A> {
  /** The shape and type of the result. Throws a TsgptError if the operands do not fit together. */
  readonly result: (inputs: readonly Tensor[], attributes: A) => TensorType;
  readonly gradient: GradientRule<A>;
  /** See {@link Composite.recompute}. */
  readonly recompute?: (inputs: readonly Tensor[], attributes: A) => Tensor;
}

export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * The gradient of the loss with respect to each operand, given the gradient `g` with respect to the result; undefined for an
 * operand without one, such as an index. Made of tensor operations, so it can be differentiated again.
 */
export type GradientRule<A extends Attributes = Attributes> = (
  g: Tensor,
  call: { inputs: readonly Tensor[]; output: Tensor; attributes: A },
) => readonly (Tensor | undefined)[];

/** A node whose operation is defined in this folder. */
export interface TensorNode extends GraphNode {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** For a leaf over an array: that array. */
  readonly given?: HostArray;
}

/** Defines an operation; the result is the function that applies it. All its rules know the type `A` of the attributes. */
export function definePrimitive<A extends Attributes = Record<never, never>>(primitive: Primitive<A>) {
  const operation = primitive as unknown as Primitive;
  ensureNewName(primitive.name);
  primitives.set(primitive.name, operation);
  // Nothing else of this file may be used at this point; see `registry.ts`.
  return (inputs: readonly Tensor[], attributes: A, ...checks: LeafCheck[]): Tensor => {
    ensureTensors(primitive.name, ...inputs);
    const node = { operation, inputs, attributes, outputs: [] as Tensor[], checks, scope: currentScope() };
    node.outputs.push(new Tensor(node, 0, primitive.result(inputs, attributes)));
    return node.outputs[0]!;
  };
}

/** The gradient rule of operations whose result is piecewise constant or whose operands are whole numbers. */
export function noGradient(): readonly undefined[] {
  return [];
}

export function ensureFloat(operation: string, ...tensors: readonly Tensor[]): void {
  ensureTensors(operation, ...tensors);
  for (const tensor of tensors) {
    ensure(
      tensor.dtype === 'float32',
      () =>
        `${operation}: ${tensor.describe()} is ${tensor.dtype}, but must be float32; convert it with .to('float32')`,
    );
  }
}

/** The shape of the tensors together under broadcasting; the error names them. */
export function broadcast(operation: string, ...tensors: readonly Tensor[]): Shape {
  return tensors.reduce<Shape>((shape, tensor, i) => {
    const names = [...tensors.slice(0, i), tensor].map((operand) => operand.describe());
    return broadcastShapes(shape, tensor.shape, operation, names);
  }, []);
}

export function ensureSameType(operation: string, a: Tensor, b: Tensor): void {
  ensureTensors(operation, a, b);
  ensure(
    a.dtype === b.dtype,
    () =>
      `${operation}: ${a.describe()} is ${a.dtype} and ${b.describe()} is ${b.dtype}; convert one with .to('${a.dtype}')`,
  );
}
