import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { formatShape } from '../core/shape.ts';
// Not the class Tensor: its file imports the operations, which use the checks below.
import { LazyArray } from './lazy-array.ts';

/** Throws a TsgptError unless all operands are tensors. */
export function ensureTensors(operation: string, ...operands: readonly unknown[]): void {
  for (const operand of operands) {
    ensure(
      operand instanceof LazyArray,
      () => `${operation}: the operand must be a tensor, but is ${describeValue(operand)}; make it one with tensor(…)`,
    );
  }
}

/** Throws a TsgptError unless `operand` is a tensor or a number. */
export function ensureOperand(operation: string, operand: unknown): void {
  ensure(
    typeof operand === 'number' || operand instanceof LazyArray,
    () =>
      `${operation}: the operand must be a tensor or a number, but is ${describeValue(operand)}; make it a tensor with tensor(…)`,
  );
}

/** Throws a TsgptError unless `tensors` is an array of tensors. */
export function ensureTensorList(operation: string, tensors: unknown): void {
  ensure(
    Array.isArray(tensors),
    () => `${operation}: give the tensors as an array, as in ${operation}([a, b]), but not ${describeValue(tensors)}`,
  );
  ensureTensors(operation, ...tensors);
}

/** A tensor by its role, for error messages: `the weight [6, 5]`, with its name, if it has one, before the shape. */
export function describeAs(role: string, { name, shape }: LazyArray): string {
  return `${role} ${name ? `${name} ` : ''}${formatShape(shape)}`;
}
