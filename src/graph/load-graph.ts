import { type Executable, getRuntime } from '../runtime/index.ts';
import { buildProgram } from './build-program.ts';
import type { ConstantLeaves } from './constant-leaves.ts';
import { loadOwn, loadShared } from './executable-cache.ts';
import type { GraphValue } from './graph.ts';
import type { Program } from './program.ts';

/** A program, and the model made from it as the runtime has loaded it. */
export interface LoadedProgram {
  readonly program: Program;
  readonly executable: Executable;
}

/**
 * Puts the graph behind `outputs` in order for the current runtime and loads it there. Leaves that are `constants` are stored in it;
 * such a graph belongs to its caller alone. Outputs at the positions of `keptOutputs` stay on the runtime's device.
 */
export async function loadGraph(
  outputs: readonly GraphValue[],
  { constants, keptOutputs }: { constants?: ConstantLeaves; keptOutputs?: readonly number[] } = {},
): Promise<LoadedProgram> {
  const runtime = await getRuntime();
  const program = buildProgram(outputs, runtime.capabilities, constants?.isConstant);
  const executable = constants ? loadOwn(runtime, program, constants) : loadShared(runtime, program, keptOutputs);
  return { program, executable: await executable };
}
