import type { Runtime } from './runtime.ts';

let current: Promise<Runtime> | undefined;

/**
 * The runtime that everything is computed on: the one that was set, or else the default of where the program runs. In Node that is
 * ONNX Runtime on the CPU; in browsers there is none yet. `src/package.json` says which file makes it.
 */
export function getRuntime(): Promise<Runtime> {
  current ??= import('#default-runtime').then(({ createDefaultRuntime }) => createDefaultRuntime());
  return current;
}

/** Makes `runtime` compute from now on; functions that were compiled and run before keep theirs. */
export function setRuntime(runtime: Runtime): void {
  current = Promise.resolve(runtime);
}

export { type KnownLengths, resolveShape } from '../core/open-length.ts';
export type {
  Capabilities,
  ContribOperator,
  DeviceBuffer,
  Executable,
  LoadOptions,
  RunInput,
  Runtime,
} from './runtime.ts';
export { standardOnnx } from './runtime.ts';
