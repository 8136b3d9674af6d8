import { ensure } from '../core/errors.ts';
import type { StepResult, Trainer } from './trainer.ts';

export interface LoopOptions {
  /** How many steps to make, those made before included. */
  steps: number;
  /** Steps between evaluations. Defaults to 250. */
  evalInterval?: number;
  /** Ends the loop after the step at hand. */
  signal?: AbortSignal;
}

/** What there is to know after a step, or, for `step` 0, before the first. */
export interface TrainReport extends Partial<StepResult> {
  /** How many steps have been made, of how many. */
  step: number;
  steps: number;
  tokensPerSecond?: number;
  /** An estimate, by the speed so far. */
  secondsLeft?: number;
  /** The mean loss on the validation data, where it was evaluated. */
  validationLoss?: number;
}

/**
 * Makes steps and reports after each. Evaluates before the first step, at every interval and after the last. Stop by leaving the loop
 * or by the signal; the model then has the weights of the last report.
 */
export async function* trainLoop(
  trainer: Trainer,
  { steps, evalInterval = 250, signal }: LoopOptions,
): AsyncGenerator<TrainReport, void, undefined> {
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

/** A running mean of the seconds a step takes, of which recent ones count most. The first step, which compiles, does not. */
class Speed {
  secondsPerStep = 0;
  #count = 0;

  add(seconds: number): void {
    if (this.#count++ <= 1) this.secondsPerStep = seconds;
    else this.secondsPerStep = 0.95 * this.secondsPerStep + 0.05 * seconds;
  }
}
