import { ensure } from '../core/errors.ts';
import { ensureCount, ensureKind } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import type { StepResult, Trainer } from './trainer.ts';

export interface LoopOptions {
  /** The total number of steps, including steps made earlier. */
  steps: number;
  /** Steps between evaluations. Defaults to 250. */
  evalInterval?: number;
  /**
   * Ends the loop when this many evaluations in a row have not lowered the validation loss. Only evaluations at the interval count. Defaults to no
   * such end.
   */
  patience?: number | undefined;
  /** The last improvement before a run was resumed, from its reports. Defaults to none. */
  lastImprovement?: Improvement | undefined;
  /** Ends the loop after the current step, whose weights are evaluated. */
  signal?: AbortSignal;
  /** Ends the loop after the current batch: a step or an evaluation that has begun is given up, and nothing is evaluated. */
  hurry?: AbortSignal;
}

const loopOptions: OptionNames<LoopOptions> = {
  ...{ steps: true, evalInterval: true, patience: true, lastImprovement: true, signal: true, hurry: true },
};

/** An evaluation at the interval that lowered the validation loss. */
export interface Improvement {
  step: number;
  validationLoss: number;
}

/** The report after a step. The report of step 0 comes before the first step. */
export interface TrainReport extends Partial<StepResult> {
  /** The number of steps made. */
  step: number;
  /** The total number of steps. */
  steps: number;
  tokensPerSecond?: number;
  /** An estimate from the speed of the recent steps. */
  secondsLeft?: number;
  /** The mean loss on the validation data, if it was evaluated after this step. */
  validationLoss?: number;
  /** The last improvement so far, if the validation loss was evaluated after this step. */
  lastImprovement?: Improvement | undefined;
  /** True in the last report of a loop that its patience ended. */
  outOfPatience?: true;
}

/**
 * Makes training steps and reports after each one. Evaluates before the first step, at every interval and after the last step. To stop,
 * leave the loop or abort a signal; the model then has the weights of the last report. A step that `signal` ends after its report has a second report
 * with its evaluation.
 */
export async function* trainLoop(trainer: Trainer, options: LoopOptions): AsyncGenerator<TrainReport, void, undefined> {
  const { steps, evalInterval = 250, patience, signal, hurry } = knownOptions('trainLoop', options, loopOptions);
  ensureKind('trainLoop', 'a trainer', trainer, 'trainStep', 'step');
  for (const [name, value] of Object.entries({ steps, evalInterval, patience: patience ?? 1 })) {
    ensureCount(name, value);
  }
  ensure(patience === undefined || trainer.canEvaluate, 'patience needs validation data; give the trainer some');
  const isStopped = () => signal?.aborted || hurry?.aborted;
  const speed = new Speed();
  let { lastImprovement } = options;
  /** Adds an evaluation to a report. */
  const evaluate = async (report: TrainReport): Promise<TrainReport> => {
    const evaluated = { ...report, ...(await evaluation(trainer, hurry)) };
    const { step, validationLoss } = evaluated;
    if (validationLoss === undefined) return evaluated;
    if (
      step % evalInterval === 0 &&
      (lastImprovement === undefined || validationLoss < lastImprovement.validationLoss)
    ) {
      lastImprovement = { step, validationLoss };
    }
    return { ...evaluated, lastImprovement };
  };
  let isEvaluated = true;
  if (trainer.step === 0 && !isStopped()) yield evaluate({ step: 0, steps });
  while (trainer.step < steps && !isStopped()) {
    const start = performance.now();
    const tokensBefore = trainer.tokensSeen;
    const result = await unlessHurried(trainer.trainStep({ signal: hurry }), hurry);
    if (!result) return;
    const { step } = trainer;
    speed.add((performance.now() - start) / 1000);
    const report: TrainReport = { step, steps, ...result };
    report.tokensPerSecond = (trainer.tokensSeen - tokensBefore) / speed.secondsPerStep;
    report.secondsLeft = (steps - step) * speed.secondsPerStep;
    isEvaluated = step % evalInterval === 0 || step === steps || isStopped() === true;
    const evaluated = isEvaluated ? await evaluate(report) : report;
    const isOver = isOutOfPatience(step, { evalInterval, patience, lastImprovement });
    yield isOver ? { ...evaluated, outOfPatience: true } : evaluated;
    if (isOver) return;
  }
  if (!isEvaluated) {
    const report = await evaluate({ step: trainer.step, steps });
    if (report.validationLoss !== undefined) yield report;
  }
}

/** Whether `patience` evaluations, one at each interval, have passed since the last improvement. */
export function isOutOfPatience(
  step: number,
  { evalInterval = 250, patience, lastImprovement }: Pick<LoopOptions, 'evalInterval' | 'patience' | 'lastImprovement'>,
): boolean {
  if (patience === undefined || lastImprovement === undefined) return false;
  return step - lastImprovement.step >= patience * evalInterval;
}

/** The validation loss, if there is validation data and nobody is in a hurry. */
async function evaluation(trainer: Trainer, hurry?: AbortSignal): Promise<Pick<TrainReport, 'validationLoss'>> {
  if (!trainer.canEvaluate) return {};
  const validationLoss = await unlessHurried(trainer.evaluate({ signal: hurry }), hurry);
  return validationLoss === undefined ? {} : { validationLoss };
}

/** The result of work, or undefined if it was given up because of a hurry. */
async function unlessHurried<T>(work: Promise<T>, hurry?: AbortSignal): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (hurry?.aborted && error === hurry.reason) return undefined;
    throw error;
  }
}

/** A running mean of the duration of a step in seconds. Recent steps count most; the first does not count, since it compiles. */
class Speed {
  secondsPerStep = 0;
  #count = 0;

  add(seconds: number): void {
    if (this.#count++ <= 1) this.secondsPerStep = seconds;
    else this.secondsPerStep = 0.95 * this.secondsPerStep + 0.05 * seconds;
  }
}
