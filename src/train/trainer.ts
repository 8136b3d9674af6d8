import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { ensureCount, ensureKind } from '../core/kind.ts';
import { OneAtATime } from '../core/one-at-a-time.ts';
import { knownOptions } from '../core/options.ts';
import type { Random, RandomState } from '../random/random.ts';
import type { BatchStream } from '../text/index.ts';
import { type CompiledObjective, compileObjective } from './compiled-objective.ts';
import { Divergence } from './divergence.ts';
import { clipScale, type Optimizer } from './optimizers/index.ts';
import { randomStream } from './random-streams.ts';
import type { LearningRateSchedule } from './schedule.ts';
import { type TrainerOptions, trainerOptionNames } from './trainer-options.ts';

/** The loss and gradients of a step's batches. */
export interface StepGradients {
  /** The mean loss over the batches, before the update. */
  loss: number;
  /** The mean gradient of each parameter, by its path. `apply()` uses these arrays, so they can be changed before calling it. */
  gradients: ReadonlyMap<string, Float32Array>;
}

/** The measurements of a step. */
export interface StepResult {
  /** The mean loss over the step's batches before the update. With {@link nextToken} it is in nats per token. */
  loss: number;
  learningRate: number;
  /** The norm of the gradient over all parameters, before clipping. */
  gradNorm: number;
}

/** The trainer's state, which can be saved as JSON. The weights and the optimiser's state are saved separately. */
export interface TrainerState {
  step: number;
  batches: Json;
  dropout: RandomState;
}

/**
 * Trains a model step by step, with any objective, batches and optimiser. A step has two halves, `gradients()` and `apply()`. Code can run
 * between them, for example to average the gradients of several machines. `trainLoop()` makes many steps.
 *
 * Await each call before the next: they change the same arrays, and one that begins too early throws a TsgptError.
 */
export class Trainer<Model = unknown, Names extends string = string> {
  /** The number of steps made. */
  step = 0;
  /**
   * The number of elements in the first array of every training batch so far: the number of tokens, if the arrays hold tokens. It counts
   * from 0 in each trainer; {@link restore} does not change it.
   */
  tokensSeen = 0;
  readonly optimizer: Optimizer;
  /** Whether there is validation data. */
  readonly canEvaluate: boolean;
  readonly #batches: BatchStream<string>;
  readonly #validation: { stream: BatchStream<string>; start: Json; count: number } | undefined;
  readonly #objective: CompiledObjective<string>;
  readonly #gradientAccumulation: number;
  readonly #maxGradNorm: number;
  readonly #learningRate: LearningRateSchedule;
  /** The compiled objective keeps a reference to this object, so restoring must not replace it. */
  readonly #dropout: Random;
  readonly #work = new OneAtATime('this trainer');
  #hasGradients = false;

  constructor(options: TrainerOptions<Model, Names>) {
    knownOptions<object>('Trainer', options, trainerOptionNames);
    const { model, objective, batches, optimizer, learningRate, validation } = options;
    ensureKind('Trainer', 'an optimiser, as new AdamW(model.namedParameters())', optimizer, 'update', 'gradients');
    ensureKind('Trainer', 'batches, as new RandomWindows(…)', batches, 'next', 'state', 'restore');
    ensure(
      typeof objective === 'function' && model !== undefined,
      () => `a trainer needs a model and an objective, such as nextToken, but not ${describeValue(objective)}`,
    );
    ensure(
      typeof learningRate === 'function' || Number.isFinite(learningRate),
      () => `learningRate must be a number or a schedule, but is ${describeValue(learningRate)}`,
    );
    const { gradientAccumulation = 1, maxGradNorm = Number.POSITIVE_INFINITY, evalBatches = 20, seed = 1337 } = options;
    for (const [name, value] of Object.entries({ gradientAccumulation, evalBatches })) {
      ensureCount(name, value);
    }
    ensure(maxGradNorm > 0, `maxGradNorm must be greater than 0, but is ${describeValue(maxGradNorm)}`);
    ensure(
      validation !== batches,
      'training and validation need separate streams, but got the same one twice; create two',
    );
    this.optimizer = optimizer;
    this.canEvaluate = validation !== undefined;
    this.#batches = batches;
    this.#validation = validation && { stream: validation, start: validation.state, count: evalBatches };
    this.#gradientAccumulation = gradientAccumulation;
    this.#maxGradNorm = maxGradNorm;
    this.#learningRate = typeof learningRate === 'number' ? () => learningRate : learningRate;
    this.#dropout = randomStream(seed, 'dropout');
    const randomness = { dropout: this.#dropout, batchesPerStep: gradientAccumulation };
    this.#objective = compileObjective({ model, objective }, optimizer, randomness);
  }

  /** Makes one step: `gradients()`, then `apply()`. `signal` gives it up between two batches, as in {@link gradients}. */
  async trainStep(options: { signal?: AbortSignal | undefined } = {}): Promise<StepResult> {
    const { signal } = knownOptions('trainStep', options, { signal: true });
    return this.#work.run('trainStep()', async () => {
      const { loss } = await this.#gradients(signal);
      return { loss, ...(await this.#apply()) };
    });
  }

  /**
   * The first half of a step: the loss and gradients of the next batches. `signal` gives it up between two batches and throws its reason; the trainer
   * is then where it was before.
   */
  async gradients(options: { signal?: AbortSignal | undefined } = {}): Promise<StepGradients> {
    const { signal } = knownOptions('gradients', options, { signal: true });
    return this.#work.run('gradients()', () => this.#gradients(signal));
  }

  async #gradients(signal?: AbortSignal): Promise<StepGradients> {
    let loss = 0;
    let tokens = 0;
    const before = signal && this.state;
    this.#hasGradients = false; // a failure leaves the arrays incomplete
    for (let i = 0; i < this.#gradientAccumulation; i++) {
      if (signal?.aborted) {
        this.#goTo(before!);
        throw signal.reason;
      }
      const batch = await this.#batches.next();
      loss += await (i === 0 ? this.#objective.first(batch) : this.#objective.further(batch));
      tokens += Object.values(batch)[0]?.data.length ?? 0;
    }
    this.tokensSeen += tokens;
    this.#ensureFinite('loss', loss);
    this.#hasGradients = true;
    return { loss, gradients: this.optimizer.gradients };
  }

  /** The second half of a step: clips the gradients and updates the parameters. */
  async apply(): Promise<Omit<StepResult, 'loss'>> {
    return this.#work.run('apply()', () => this.#apply());
  }

  async #apply(): Promise<Omit<StepResult, 'loss'>> {
    ensure(this.#hasGradients, 'apply: there are no new gradients; call gradients() first');
    const learningRate = this.#learningRate(this.step);
    const gradNorm = await this.optimizer.gradientNorm();
    // An update with such gradients would destroy the weights.
    this.#ensureFinite("gradient's norm", gradNorm);
    await this.optimizer.update({ learningRate, gradientScale: clipScale(gradNorm, this.#maxGradNorm) });
    this.#hasGradients = false;
    this.step++;
    return { learningRate, gradNorm };
  }

  /** The mean loss on the validation data, without dropout. Every evaluation uses the same batches. `signal` ends it; its reason is thrown. */
  async evaluate(options: { signal?: AbortSignal | undefined } = {}): Promise<number> {
    const { signal } = knownOptions('evaluate', options, { signal: true });
    ensure(this.#validation, 'evaluate: there is no validation data; give the trainer a validation stream');
    const { stream, start, count } = this.#validation;
    return this.#work.run('evaluate()', async () => {
      stream.restore(start);
      let total = 0;
      for (let i = 0; i < count; i++) {
        signal?.throwIfAborted();
        total += await this.#objective.evaluate(await stream.next());
      }
      this.#ensureFinite('validation loss', total);
      return total / count;
    });
  }

  /** The state to save for resuming, together with the weights and {@link Optimizer.state}. */
  get state(): TrainerState {
    return { step: this.step, batches: this.#batches.state, dropout: this.#dropout.state };
  }

  /** Continues from `state`. The caller restores the weights and {@link Optimizer.state}. */
  restore(state: TrainerState): void {
    ensureKind('restore', 'the state of a trainer', state, 'step', 'batches', 'dropout');
    ensureCount('the step of a state', state.step, 0);
    this.#work.ensureIdle('restore()');
    this.#goTo(state);
    this.step = state.step;
    this.optimizer.step = state.step;
    this.#hasGradients = false;
  }

  /** Goes to a place in the data and in the random numbers of dropout. */
  #goTo({ batches, dropout }: Pick<TrainerState, 'batches' | 'dropout'>): void {
    this.#batches.restore(batches);
    this.#dropout.state = dropout;
  }

  /** Throws a {@link Divergence} if `value` is NaN or infinite. Before the first step that is no divergence, but something else is wrong. */
  #ensureFinite(name: string, value: number): void {
    if (Number.isFinite(value)) return;
    const { step } = this;
    ensure(
      step > 0,
      `the ${name} is ${value} before the first step; check the objective, the data and the initial weights`,
    );
    const rate = Number(this.#learningRate(step - 1).toPrecision(3));
    throw new Divergence(
      `the ${name} became ${value} after ${step === 1 ? '1 step' : `${step} steps`}, at a learning rate of ${rate}`,
    );
  }
}
