import type { Runtime } from './runtime.ts';

let current: Promise<Runtime> | undefined;

/** The runtime that everything is computed on: ONNX Runtime's CPU provider in Node, unless another was set. */
export function getRuntime(): Promise<Runtime> {
  current ??= import('./node/node-runtime.ts').then(({ createNodeRuntime }) => createNodeRuntime());
  return current;
}

/** Makes `runtime` compute from now on; functions that were compiled and run before keep theirs. */
export function setRuntime(runtime: Runtime): void {
  current = Promise.resolve(runtime);
}

export type { Executable, LoadOptions, Runtime } from './runtime.ts';
