import { ensureKind } from '../core/kind.ts';
import type { Shape } from '../core/shape.ts';
import type { Tensor } from '../tensor/index.ts';
import { ensureTensors } from '../tensor/operands.ts';

/** A tensor of a graph, as a drawing shows it. */
export interface GraphPoint {
  name: string;
  shape: Shape;
  /** The operation that computes it, such as `add`; `parameter` or the like for a tensor that is not computed. */
  operation: string;
  /** The names of the points it is computed from with no other point in between. */
  from: string[];
}

/**
 * How the given tensors are computed from each other: their graph, without the tensors that have no name in `points`. What `observe` found, or
 * a part of it, draws a model at that level of detail.
 */
export function modelGraph(points: ReadonlyMap<string, Tensor>): GraphPoint[] {
  ensureKind('modelGraph', 'tensors by their names in a Map, as from observe', points, 'get', Symbol.iterator);
  for (const [, tensor] of points) ensureTensors('modelGraph', tensor);
  const names = new Map<Tensor, string>();
  for (const [name, tensor] of points) if (!names.has(tensor)) names.set(tensor, name);
  return [...names].map(([tensor, name]) => ({
    name,
    shape: tensor.shape,
    operation: tensor.node.operation.name,
    from: nearestBehind(tensor, names),
  }));
}

/** The nearest named points on every path back from `tensor`. */
function nearestBehind(tensor: Tensor, names: ReadonlyMap<Tensor, string>): string[] {
  const nearest = new Set<string>();
  const visited = new Set<Tensor>();
  const stack = [...tensor.node.inputs];
  while (stack.length > 0) {
    const input = stack.pop()!;
    if (visited.has(input)) continue;
    visited.add(input);
    const name = names.get(input);
    if (name !== undefined) nearest.add(name);
    else stack.push(...input.node.inputs);
  }
  return [...nearest].reverse();
}
