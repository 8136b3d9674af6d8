import type { LanguageModel } from '../models/index.ts';
import type { ProcessMemory, Runtime } from '../runtime/index.ts';
import { divideTimes } from './divide-times.ts';
import { layerKindsOf } from './layer-kinds.ts';
import { inModelOrder } from './layer-order.ts';
import type { MatrixRate } from './matrix-rate.ts';
import { divideMemory, engineMemoryOf, type MemoryByPurpose } from './memory.ts';
import type { Profile } from './profile.ts';
import type { RecordedRun } from './recorder.ts';
import { medianIndex, nearestIndex } from './time-steps.ts';

/** What was measured: first steps without notes, then steps with notes. */
export interface Measurement {
  readonly step: Profile['step'];
  readonly tokens: number;
  readonly runtime: Runtime;
  readonly model: LanguageModel;
  /** The milliseconds of the steps without notes. */
  readonly plain: readonly number[];
  /** The milliseconds of the steps with notes, the number of the first of them, and the notes. */
  readonly noted: readonly number[];
  readonly firstNoted: number;
  readonly runs: readonly RecordedRun[];
  readonly arrays: readonly MemoryByPurpose[];
  /** After the steps without notes. */
  readonly memory: ProcessMemory | undefined;
  readonly matrixRate: MatrixRate;
}

/** The profile of the step with notes that took about as long as steps without. */
export function profileOf(measured: Measurement): Profile {
  const { step, tokens, runtime, model, plain, noted, firstNoted, arrays, memory, matrixRate } = measured;
  const median = plain[medianIndex(plain)]!;
  const described = nearestIndex(noted, median);
  const runs = measured.runs.filter((run) => run.step === firstNoted + described);
  const { inEngine, ...times } = divideTimes(runs, layerKindsOf(model));
  const profiledStep = noted[described]!;
  return {
    step,
    tokens,
    runtime: runtime.name,
    steps: { count: plain.length, median, best: Math.min(...plain) },
    profiledStep,
    profiledSteps: noted.length,
    ...times,
    layers: inModelOrder(model, times.layers),
    betweenOperators: inEngine - times.inOperators,
    outsideEngine: profiledStep - inEngine,
    matrixRate,
    memory: divideMemory(arrays, engineMemoryOf(runs.map(({ profile }) => profile)), memory),
  };
}
