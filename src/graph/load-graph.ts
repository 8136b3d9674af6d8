import { type Executable, getRuntime, type Runtime } from '../runtime/index.ts';
import { buildProgram } from './build-program.ts';
import type { ConstantLeaves } from './constant-leaves.ts';
import { loadOwn, loadShared } from './executable-cache.ts';
import type { GraphValue } from './graph.ts';
import type { Program } from './program.ts';

/** A program, and its model as loaded by the runtime. */
export interface LoadedProgram {
  readonly program: Program;
  readonly executable: Executable;
}

export interface LoadGraphOptions {
  /** Where the graph will run. Defaults to the current runtime. */
  readonly runtime?: Runtime;
  /** Leaves that are stored in the graph, which then belongs only to its caller. Defaults to none. */
  readonly constants?: ConstantLeaves;
  /** The positions of the outputs that stay on the runtime's device. Defaults to none. */
  readonly keptOutputs?: readonly number[];
}

/** Orders the graph behind `outputs` for a runtime and loads it there. */
export async function loadGraph(
  outputs: readonly GraphValue[],
  { runtime: given, constants, keptOutputs }: LoadGraphOptions = {},
): Promise<LoadedProgram> {
  const runtime = given ?? (await getRuntime());
  const program = buildProgram(outputs, runtime.capabilities, constants?.isConstant);
  const executable = constants ? loadOwn(runtime, program, constants) : loadShared(runtime, program, keptOutputs);
  return { program, executable: await executable };
}
