import { Tensor } from '../tensor/index.ts';
import type { Module } from './module.ts';

/**
 * What happens inside `model` while `run` uses it: the output of every part by its path, as in `blocks.0.attention`, and every
 * tensor that a part has {@link Tensor.named} on the way, as in `blocks.0.attention.weights`; in the order in which they are
 * made. A part that is used again goes by its path and `#2`, `#3`, ...
 *
 * Nothing is computed here: the tensors belong to the graph that `run` builds, and asking for one runs only what it needs. So
 * whatever a model computes can be looked at, differentiated or used further, without a line for it in the model.
 */
export function observe(model: Module, run: () => Tensor): Map<string, Tensor> {
  const observed = new Map<string, Tensor>();
  const visited = new Set<Tensor>();
  const add = (path: string, tensor: Tensor) => {
    let unused = path;
    for (let use = 2; observed.has(unused); use++) unused = `${path}#${use}`;
    observed.set(unused, tensor);
  };
  /** Notes what was named on the way to `tensors`: by the part at `path`, unless it was noted before. */
  const noteNamed = (path: string, tensors: readonly unknown[], except?: Tensor) => {
    for (const tensor of tensors.filter((value) => value instanceof Tensor).flatMap((t) => namedBehind(t, visited))) {
      if (tensor !== except) add(path ? `${path}.${tensor.name}` : tensor.name!, tensor);
    }
  };
  const inside = ['']; // the paths of the parts that are at work, the innermost last
  const restore = [...model.namedModules()].map(([path, module]) =>
    wrapForward(module, (forward, inputs) => {
      noteNamed(inside.at(-1)!, inputs);
      inside.push(path);
      const output = forward(...inputs);
      inside.pop();
      noteNamed(path, [output], output);
      if (path) add(path, output);
      return output;
    }),
  );
  try {
    noteNamed('', [run()]);
  } finally {
    for (const undo of restore) undo();
  }
  return observed;
}

type Forward = (...inputs: unknown[]) => Tensor;

/** Puts `around` in place of the `forward` of `module`, if it has one, until the returned function is called. */
function wrapForward(module: Module, around: (forward: Forward, inputs: unknown[]) => Tensor): () => void {
  const { forward } = module as { forward?: Forward };
  if (!forward) return () => {};
  const before = Object.getOwnPropertyDescriptor(module, 'forward');
  const value = (...inputs: unknown[]) => around(forward.bind(module), inputs);
  Object.defineProperty(module, 'forward', { value, configurable: true });
  return () => {
    if (before) Object.defineProperty(module, 'forward', before);
    else Reflect.deleteProperty(module, 'forward');
  };
}

/** The tensors with a name that `output` is computed from, operands first, leaving out leaves and what was visited before. */
function namedBehind(output: Tensor, visited: Set<Tensor>): Tensor[] {
  const named: Tensor[] = [];
  if (visited.has(output)) return named;
  // A stack of our own: a deep model's graph is deeper than JavaScript's call stack.
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
