import type { EmitOptions } from '../emitter/operators.ts';
import type { Attributes, Lowering } from '../graph.ts';

/**
 * The lowering of an operation that equals one ONNX operator with the same operands. `options` hold the operator's attributes; they may depend
 * on those of the operation. Defaults to none.
 */
export function direct<A extends Attributes>(
  operator: string,
  options: EmitOptions | ((attributes: A) => EmitOptions) = {},
): Lowering<A> {
  return (emitter, { attributes }, inputs) =>
    emitter.emit(operator, inputs, typeof options === 'function' ? options(attributes) : options);
}
