import type { TensorNode } from './primitive.ts';
import type { Tensor } from './tensor.ts';

/** A tensor that an operation was given, where its node reads what the tensor is a view of, as a reshape of a reshape does. */
export interface SkippedView {
  readonly tensor: Tensor;
  /** The index of the node's operand that stands for the view. */
  readonly operand: number;
  /** The gradient with respect to the view, from that with respect to the operand. */
  readonly gradient: (ofOperand: Tensor) => Tensor;
}

const skipped = new WeakMap<TensorNode, readonly SkippedView[]>();

/** Remembers views that the node of `result` skips, so that {@link grad} knows that it depends on them. Returns `result`. */
export function skipping(result: Tensor, views: readonly SkippedView[]): Tensor {
  if (views.length > 0) skipped.set(result.node, views);
  return result;
}

export function skippedBy(node: TensorNode): readonly SkippedView[] {
  return skipped.get(node) ?? [];
}
