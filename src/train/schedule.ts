import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureNumber } from '../core/kind.ts';
import { knownOptions, type OptionNames, whichName } from '../core/options.ts';

/** The learning rate of a step; steps count from 0. */
export type LearningRateSchedule = (step: number) => number;

/** The options of {@link constantSchedule}. */
export interface WarmupOptions {
  /** The highest rate, reached after `warmupSteps`. */
  learningRate: number;
  /** The number of steps over which the rate rises from near 0. */
  warmupSteps: number;
}

export interface CosineScheduleOptions extends WarmupOptions {
  /** The step at which the rate reaches `minLearningRate`. */
  steps: number;
  /** The rate from step `steps` on. */
  minLearningRate: number;
}

export interface WsdScheduleOptions extends CosineScheduleOptions {
  /** The number of steps, at the end, over which the rate falls. Defaults to a fifth of `steps`. */
  decaySteps?: number | undefined;
}

const constantNames: OptionNames<WarmupOptions> = { learningRate: true, warmupSteps: true };
const cosineNames: OptionNames<CosineScheduleOptions> = { ...constantNames, steps: true, minLearningRate: true };
const wsdNames: OptionNames<WsdScheduleOptions> = { ...cosineNames, decaySteps: true };

/** The options of a schedule. Throws a TsgptError unless all are numbers; `decaySteps` may be left out. */
function numbers<Options extends WarmupOptions>(name: string, options: Options, names: OptionNames<Options>): Options {
  knownOptions(name, options, names);
  for (const option of Object.keys(names) as (keyof Options & string)[]) {
    if (option !== 'decaySteps' || options[option] !== undefined) ensureNumber(name, option, options[option]);
  }
  return options;
}

/** Linear warm-up, then cosine decay to the minimum (Loshchilov and Hutter, 2017). */
export function cosineSchedule(options: CosineScheduleOptions): LearningRateSchedule {
  const { steps, warmupSteps, ...rates } = numbers('cosineSchedule', options, cosineNames);
  const fall = (progress: number) => 0.5 * (1 + Math.cos(Math.PI * progress));
  return warmingUp(options, decaying({ ...rates, from: warmupSteps, to: steps }, fall));
}

/** Linear warm-up, then linear decay to the minimum. */
export function linearSchedule(options: CosineScheduleOptions): LearningRateSchedule {
  const { steps, warmupSteps, ...rates } = numbers('linearSchedule', options, cosineNames);
  return warmingUp(options, decaying({ ...rates, from: warmupSteps, to: steps }, linearly));
}

/**
 * Warm-up, stable, decay (Hu et al., 2024): linear warm-up, then the highest rate, and linear decay over the last steps. A run can be
 * continued with more steps from any checkpoint before the decay, as if they had been planned.
 */
export function wsdSchedule(options: WsdScheduleOptions): LearningRateSchedule {
  const { steps, warmupSteps, decaySteps, ...rates } = numbers('wsdSchedule', options, wsdNames);
  const from = Math.max(warmupSteps, steps - (decaySteps ?? Math.round(steps / 5)));
  return warmingUp(options, decaying({ ...rates, from, to: steps }, linearly));
}

/** Linear warm-up, then always the same rate. */
export function constantSchedule(options: WarmupOptions): LearningRateSchedule {
  const { learningRate } = numbers('constantSchedule', options, constantNames);
  return warmingUp(options, () => learningRate);
}

const linearly = (progress: number) => 1 - progress;

function warmingUp({ learningRate, warmupSteps }: WarmupOptions, later: LearningRateSchedule): LearningRateSchedule {
  return (step) => {
    ensureNumber('a learning rate schedule', 'the step', step);
    return step < warmupSteps ? (learningRate * (step + 1)) / (warmupSteps + 1) : later(step);
  };
}

interface Decay {
  learningRate: number;
  minLearningRate: number;
  from: number;
  to: number;
}

/** The highest rate before step `from` and the lowest after step `to`. Between them `fall` gives the share of the way that is left. */
function decaying({ learningRate, minLearningRate, from, to }: Decay, fall: (progress: number) => number) {
  return (step: number): number => {
    if (step >= to) return minLearningRate;
    if (step < from) return learningRate;
    const progress = (step - from) / Math.max(1, to - from);
    return minLearningRate + fall(progress) * (learningRate - minLearningRate);
  };
}

/** The schedules that training options can name. A new one is one function and one line here. */
export const schedules = {
  cosine: ({ decaySteps: _, ...options }: WsdScheduleOptions) => cosineSchedule(options),
  linear: ({ decaySteps: _, ...options }: WsdScheduleOptions) => linearSchedule(options),
  wsd: wsdSchedule,
  constant: ({ learningRate, warmupSteps }: WsdScheduleOptions) => constantSchedule({ learningRate, warmupSteps }),
};

export type ScheduleName = keyof typeof schedules;

/** The schedule with this name. Throws a TsgptError if there is none. */
export function scheduleNamed(name: ScheduleName, options: WsdScheduleOptions): LearningRateSchedule {
  const names = Object.keys(schedules);
  ensure(
    Object.hasOwn(schedules, name),
    () => `there is no schedule ${describeValue(name)}; ${whichName(String(name), names)}`,
  );
  return schedules[name](options);
}
