import type { OnnxAttribute } from '../../formats/onnx/model.ts';
import type { Lowering } from '../graph.ts';

/** The lowering of an operation that has the operands and the meaning of one ONNX operator. */
export function direct(operator: string, attributes: Readonly<Record<string, OnnxAttribute>> = {}): Lowering<object> {
  return (emitter, _node, inputs) => emitter.emit(operator, inputs, { attributes });
}
