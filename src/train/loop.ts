import { ensure } from '../core/errors.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import type { StepResult, Trainer } from './trainer.ts';

export interface LoopOptions {
  /** The total number of steps, including steps made earlier. */
  steps: number;
  /** Steps between evaluations. Defaults to 250. */
  evalInterval?: number;
  /** Ends the loop after the current step. */
  signal?: AbortSignal;
}

const loopOptions: OptionNames<LoopOptions> = { steps: true, evalInterval: true, signal: true };

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
}

/**
 * Makes training steps and reports after each one. Evaluates before the first step, at every interval and after the last step. To stop,
 * leave the loop or abort the signal; the model then has the weights of the last report.
 */
export async function* trainLoop(trainer: Trainer, options: LoopOptions): AsyncGenerator<TrainReport, void, undefined> {
  const { steps, evalInterval = 250, signal } = knownOptions('trainLoop', options, loopOptions);
  for (const [name, value] of Object.entries({ steps, evalInterval })) {
    ensure(Number.isSafeInteger(value) && value > 0, `${name} must be a whole number of at least 1, but is ${value}`);
  }
  const validation = async () => (trainer.canEvaluate ? { validationLoss: await trainer.evaluate() } : {});
  const speed = new Speed();
  if (trainer.step === 0 && !signal?.aborted) yield { step: 0, steps, ...(await validation()) };
  while (trainer.step < steps && !signal?.aborted) {
    const start = performance.now();
    const tokensBefore = trainer.tokensSeen;
    const result = await trainer.trainStep();
    const { step } = trainer;
    speed.add((performance.now() - start) / 1000);
    const report: TrainReport = { step, steps, ...result };
    report.tokensPerSecond = (trainer.tokensSeen - tokensBefore) / speed.secondsPerStep;
    report.secondsLeft = (steps - step) * speed.secondsPerStep;
    if (step % evalInterval === 0 || step === steps) Object.assign(report, await validation());
    yield report;
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
