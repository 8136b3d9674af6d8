import { inScope } from '../graph/index.ts';
import type { Module } from './module.ts';
import { wrapMethod } from './wrap-method.ts';

/**
 * Calls `build` and notes in the graph that it builds which part of `model` each node comes from: the innermost one whose `forward` was running. The graph
 * computes the same as without; only the names of its operators change, by which `tsgpt/profile` knows them again.
 *
 * @param methods other methods of the model, with the names that stand for them in place of a path, as in `{ unembed: 'head' }`
 */
export function withScopes<T>(model: Module, build: () => T, methods: Readonly<Record<string, string>> = {}): T {
  const within = (path: string) => (method: (...inputs: unknown[]) => unknown, inputs: unknown[]) =>
    inScope({ path, isBackward: false }, () => method(...inputs));
  const restore = [
    ...Array.from(model.namedModules(), ([path, module]) => wrapMethod(module, 'forward', within(path))),
    ...Object.entries(methods).map(([name, path]) => wrapMethod(model, name, within(path))),
  ];
  try {
    return build();
  } finally {
    for (const undo of restore) undo();
  }
}
