import type { LanguageModel } from '../models/index.ts';
import { defaultTrainOptions, type TrainOptions } from './options.ts';
import { type StepResult, Trainer, type TrainingText } from './trainer.ts';

/** What there is to know after a step, or, for `step` 0, before the first. */
export interface TrainReport extends Partial<StepResult> {
  /** How many steps have been made, of how many. */
  step: number;
  steps: number;
  tokensPerSecond?: number;
  /** An estimate, by the speed so far. */
  secondsLeft?: number;
  /** Where the validation text was evaluated: the mean loss in nats per token. */
  validationLoss?: number;
}

/**
 * Trains `model` on `text` and reports after every step. Stop by leaving the loop or by the signal; the model then has the
 * weights of the last report. For checkpoints, metrics on disk and resuming, see `trainInFolder`.
 *
 * The same seed, machine and number of threads give the same losses.
 */
export async function* train(
  model: LanguageModel,
  text: TrainingText,
  { signal, ...given }: Partial<TrainOptions> & { signal?: AbortSignal } = {},
): AsyncGenerator<TrainReport, void, undefined> {
  const learningRate = given.learningRate ?? defaultTrainOptions.learningRate;
  const options = { ...defaultTrainOptions, minLearningRate: learningRate / 10, ...given };
  yield* trainFrom(new Trainer(model, text, options), signal);
}

/** The loop of {@link train} around a trainer that may have made steps before. */
export async function* trainFrom(trainer: Trainer, signal?: AbortSignal): AsyncGenerator<TrainReport, void, undefined> {
  const { steps, evalInterval, batchSize, gradientAccumulation } = trainer.options;
  const tokensPerStep = batchSize * gradientAccumulation * trainer.contextLength;
  const speed = new Speed();
  if (trainer.step === 0 && !signal?.aborted) {
    yield { step: 0, steps, validationLoss: await trainer.evaluate() };
  }
  while (trainer.step < steps && !signal?.aborted) {
    const start = performance.now();
    const result = await trainer.trainStep();
    speed.add((performance.now() - start) / 1000);
    const { step } = trainer;
    const report: TrainReport = { step, steps, ...result };
    report.tokensPerSecond = tokensPerStep / speed.secondsPerStep;
    report.secondsLeft = (steps - step) * speed.secondsPerStep;
    if (step % evalInterval === 0 || step === steps) report.validationLoss = await trainer.evaluate();
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
