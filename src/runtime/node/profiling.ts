import { rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensure, TsgptError } from '../../core/errors.ts';
import type { Shape } from '../../core/shape.ts';
import type { Executable, OperatorTime, ProfiledExecutable, RunProfile } from '../runtime.ts';

/** The options of a session that notes the times of its operators. */
export type Noting = { enableProfiling: true; profileFilePrefix: string } | Record<string, never>;

/** A session that writes its notes when it is told to. */
interface NotingExecutable extends Executable {
  endNotes(): void;
}

/** The folders that have not been removed yet. */
const folders = new Set<string>();

function removeAll(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/**
 * Loads a session that notes the times of its operators. ONNX Runtime writes them to a file, which lies in a folder of its own and is removed when it has
 * been read, when the session is disposed of, and when the program ends.
 */
export async function noted(load: (noting: Noting) => Promise<NotingExecutable>): Promise<ProfiledExecutable> {
  const folder = await mkdtemp(join(tmpdir(), 'tsgpt-profile-')).catch((cause: Error) => {
    const advice = 'name a folder that can be written to in TMPDIR';
    throw new TsgptError(`cannot note the times of operators in ${tmpdir()}: ${cause.message}; ${advice}`, { cause });
  });
  if (folders.size === 0) process.on('exit', removeAll);
  folders.add(folder);
  const remove = async () => {
    await rm(folder, { recursive: true, force: true });
    folders.delete(folder);
    if (folders.size === 0) process.off('exit', removeAll);
  };
  try {
    const executable = await load({ enableProfiling: true, profileFilePrefix: join(folder, 'notes') });
    return {
      run: (...args) => executable.run(...args),
      async endProfile() {
        try {
          executable.endNotes();
          const [file] = await readdir(folder);
          ensure(file !== undefined, 'ONNX Runtime wrote no times of operators; try again');
          return runsIn(JSON.parse(await readFile(join(folder, file), 'utf8')));
        } finally {
          await remove();
        }
      },
      async dispose() {
        try {
          await executable.dispose();
        } finally {
          await remove();
        }
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** An entry of ONNX Runtime's notes, in the Trace Event Format of Chrome. Times are in microseconds; numbers in `args` are texts. */
interface TraceEvent {
  cat: string;
  name: string;
  dur: number;
  args: {
    op_name?: string;
    input_type_shape?: Record<string, Shape>[];
    output_type_shape?: Record<string, Shape>[];
    mem_bytes_in_use?: string;
    mem_in_use_delta?: string;
    mem_arena_held?: string;
  };
}

const kernelTime = '_kernel_time';

/** The runs in ONNX Runtime's notes. A run is noted after its operators. */
function runsIn(events: readonly TraceEvent[]): RunProfile[] {
  const runs: RunProfile[] = [];
  let kernels: TraceEvent[] = [];
  for (const event of events) {
    if (event.cat === 'Node' && event.name.endsWith(kernelTime)) kernels.push(event);
    if (event.cat !== 'Session' || event.name !== 'model_run') continue;
    runs.push({ milliseconds: event.dur / 1000, operators: kernels.map(timeOf), memory: memoryOf(kernels) });
    kernels = [];
  }
  return runs;
}

function timeOf({ name, dur, args }: TraceEvent): OperatorTime {
  const shapes = (described: Record<string, Shape>[] = []) => described.flatMap((value) => Object.values(value));
  return {
    name: name.slice(0, -kernelTime.length),
    operator: args.op_name ?? '',
    milliseconds: dur / 1000,
    inputs: shapes(args.input_type_shape),
    outputs: shapes(args.output_type_shape),
  };
}

function memoryOf(kernels: readonly TraceEvent[]): RunProfile['memory'] {
  const [first] = kernels;
  if (first?.args.mem_bytes_in_use === undefined) return undefined;
  const numbers = (field: 'mem_bytes_in_use' | 'mem_arena_held') => kernels.map(({ args }) => Number(args[field] ?? 0));
  return {
    atStart: Number(first.args.mem_bytes_in_use) - Number(first.args.mem_in_use_delta ?? 0),
    atPeak: Math.max(...numbers('mem_bytes_in_use')),
    reserved: Math.max(...numbers('mem_arena_held')),
  };
}
