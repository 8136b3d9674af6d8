import type { OnnxAttribute } from '../../formats/onnx/model.ts';
import type { Lowering } from '../graph.ts';

/** The lowering of an operation that equals one ONNX operator with the same operands. */
export function direct(operator: string, attributes: Readonly<Record<string, OnnxAttribute>> = {}): Lowering<object> {
  return (emitter, _node, inputs) => emitter.emit(operator, inputs, { attributes });
}
