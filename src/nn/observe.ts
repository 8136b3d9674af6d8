import { ensureFunction, ensureKind } from '../core/kind.ts';
import { Tensor } from '../tensor/index.ts';
import type { Module } from './module.ts';
import { wrapMethod } from './wrap-method.ts';

let depth = 0;

/** Whether {@link observe} is recording. A part may then name more of its intermediate tensors. */
export function isObserving(): boolean {
  return depth > 0;
}

/**
 * Records the intermediate tensors of `model` while `run` uses it, in the order of their creation. It records the output of every part by
 * its path, such as `blocks.0.attention`, and every tensor that a part has `named`, such as `blocks.0.attention.weights`. If
 * a part is used again, `#2`, `#3`, ... follows the path.
 *
 * It computes nothing: the tensors belong to the graph that `run` builds, and reading one computes only that tensor and its inputs. All
 * intermediate tensors can therefore be inspected, differentiated or used further without changing the model.
 */
export function observe(model: Module, run: () => Tensor): Map<string, Tensor> {
  ensureFunction('observe', 'what to run', run);
  ensureKind('observe', 'a model', model, 'namedModules');
  const observed = new Map<string, Tensor>();
  const visited = new Set<Tensor>();
  const add = (path: string, tensor: Tensor) => {
    let unused = path;
    for (let use = 2; observed.has(unused); use++) unused = `${path}#${use}`;
    observed.set(unused, tensor);
  };
  /** Records the named tensors that `tensors` depend on, as named by the part at `path`, unless they were recorded before. */
  const noteNamed = (path: string, tensors: readonly unknown[], except?: Tensor) => {
    for (const tensor of tensors.filter((value) => value instanceof Tensor).flatMap((t) => namedBehind(t, visited))) {
      if (tensor !== except) add(path ? `${path}.${tensor.name}` : tensor.name!, tensor);
    }
  };
  const inside = ['']; // the paths of the parts whose forward is running, innermost last
  const restore = [...model.namedModules()].map(([path, module]) =>
    wrapMethod<Tensor>(module, 'forward', (forward, inputs) => {
      noteNamed(inside.at(-1)!, inputs);
      inside.push(path);
      const output = forward(...inputs);
      inside.pop();
      noteNamed(path, [output], output);
      if (path) add(path, output);
      return output;
    }),
  );
  depth++;
  try {
    noteNamed('', [run()]);
  } finally {
    depth--;
    for (const undo of restore) undo();
  }
  return observed;
}

/** The named tensors that `output` depends on, operands first, without leaves and tensors visited before. */
function namedBehind(output: Tensor, visited: Set<Tensor>): Tensor[] {
  const named: Tensor[] = [];
  if (visited.has(output)) return named;
  // An explicit stack, since the graph of a deep model would overflow JavaScript's call stack.
  const stack = [output];
  while (stack.length > 0) {
    const tensor = stack.at(-1)!;
    const waiting = visited.has(tensor) ? [] : tensor.node.inputs.filter((input) => !visited.has(input));
    visited.add(tensor);
    if (waiting.length > 0) {
      stack.push(...waiting.toReversed());
    } else {
      stack.pop();
      if (tensor.name && !tensor.node.feed && !named.includes(tensor)) named.push(tensor);
    }
  }
  return named;
}
