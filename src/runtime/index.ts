import { ensureKind } from '../core/kind.ts';
import type { Runtime } from './runtime.ts';

let current: Promise<Runtime> | undefined;

/**
 * The current runtime: the one that was set, or else the platform's default. In Node that is ONNX Runtime on the CPU; browsers have none yet.
 * `src/package.json` says which file makes it.
 */
export function getRuntime(): Promise<Runtime> {
  current ??= import('#default-runtime').then(({ createDefaultRuntime }) => createDefaultRuntime());
  return current;
}

/** Makes `runtime` the current one. Compiled functions that have already run keep theirs. */
export function setRuntime(runtime: Runtime): void {
  ensureKind('setRuntime', 'a runtime, as from createNodeRuntime()', runtime, 'load', 'capabilities');
  current = Promise.resolve(runtime);
}

export { type KnownLengths, resolveShape } from '../core/open-length.ts';
export type {
  Capabilities,
  ContribOperator,
  DeviceBuffer,
  EngineMemory,
  Executable,
  LoadOptions,
  OperatorTime,
  ProcessMemory,
  ProfiledExecutable,
  RunInput,
  RunProfile,
  Runtime,
} from './runtime.ts';
export { standardOnnx } from './runtime.ts';
