import { ensure } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { Random, RandomState } from '../random/random.ts';
import type { BatchStream } from '../text/index.ts';
import { type CompiledObjective, compileObjective } from './compiled-objective.ts';
import type { Objective } from './objective.ts';
import { clipScale, type Optimizer } from './optimizer.ts';
import { randomStream } from './random-streams.ts';
import type { LearningRateSchedule } from './schedule.ts';

export interface TrainerOptions<Model, Names extends string> {
  model: Model;
  /** Turns a batch into the loss that training makes small. */
  objective: Objective<Model, Names>;
  /** What the model learns from. */
  batches: BatchStream<Names>;
  /** Changes the parameters, as in `new AdamW(model.namedParameters())`. Parameters it does not have stay as they are. */
  optimizer: Optimizer;
  /** A number, or a schedule such as {@link cosineSchedule}. */
  learningRate: number | LearningRateSchedule;
  /** Batches whose gradients are averaged into one step: a larger batch than memory would hold. Defaults to 1. */
  gradientAccumulation?: number;
  /** Gradients whose norm over all parameters is larger are scaled down to it. Defaults to Infinity, which never clips. */
  maxGradNorm?: number;
  /** What the model is measured on: every time the batches from the place where this stream stands now. */
  validation?: BatchStream<Names>;
  /** Batches in an evaluation. Defaults to 20. */
  evalBatches?: number;
  /** Decides dropout. Defaults to 1337. */
  seed?: number;
}

/** What the batches of a step gave. */
export interface StepGradients {
  /** The mean loss over the batches, before the update. */
  loss: number;
  /** The mean gradient of each parameter, by its path. These are the arrays that `apply()` reads; they may be written to before. */
  gradients: ReadonlyMap<string, Float32Array>;
}

/** What a step measured. */
export interface StepResult {
  /** The mean loss over the step's batches before the update; of {@link nextToken} in nats per token. */
  loss: number;
  learningRate: number;
  /** The norm of the gradient over all parameters, before clipping. */
  gradNorm: number;
}

/** What besides the weights and the optimizer's state makes training go on exactly where it was; fit for JSON. */
export interface TrainerState {
  step: number;
  batches: Json;
  dropout: RandomState;
}

/**
 * Trains a model step by step, whatever its objective, batches and optimizer are. A step has two halves, `gradients()` and `apply()`,
 * so that something can happen between them: many machines, for example, average their gradients there. `trainLoop()` is the loop
 * around it.
 */
export class Trainer<Model = unknown, Names extends string = string> {
  /** How many steps have been made. */
  step = 0;
  /**
   * The number of elements in the first arrays of the batches that this trainer has learned from: tokens, if the arrays hold tokens. It counts from 0
   * in each trainer; {@link restore} does not change it.
   */
  tokensSeen = 0;
  readonly optimizer: Optimizer;
  /** Whether there is something to measure the model on. */
  readonly canEvaluate: boolean;
  readonly #batches: BatchStream<string>;
  readonly #validation: { stream: BatchStream<string>; start: Json; count: number } | undefined;
  readonly #objective: CompiledObjective<string>;
  readonly #gradientAccumulation: number;
  readonly #maxGradNorm: number;
  readonly #learningRate: LearningRateSchedule;
  /** The compiled objective holds on to this object, so restoring it must not replace it. */
  readonly #dropout: Random;
  #hasGradients = false;

  constructor(options: TrainerOptions<Model, Names>) {
    const { model, objective, batches, optimizer, learningRate, validation } = options;
    const { gradientAccumulation = 1, maxGradNorm = Number.POSITIVE_INFINITY, evalBatches = 20, seed = 1337 } = options;
    for (const [name, value] of Object.entries({ gradientAccumulation, evalBatches })) {
      ensure(Number.isSafeInteger(value) && value > 0, `${name} must be a whole number of at least 1, but is ${value}`);
    }
    ensure(maxGradNorm > 0, `maxGradNorm must be greater than 0, but is ${maxGradNorm}`);
    ensure(validation !== batches, 'training and validation need a stream each; make two of them');
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

  /** Makes one step: both halves of it. */
  async trainStep(): Promise<StepResult> {
    const { loss } = await this.gradients();
    return { loss, ...(await this.apply()) };
  }

  /** The first half of a step: the loss and gradients of the next batches. */
  async gradients(): Promise<StepGradients> {
    let loss = 0;
    this.#hasGradients = false; // a failure leaves the arrays half written
    for (let i = 0; i < this.#gradientAccumulation; i++) {
      const batch = await this.#batches.next();
      loss += await (i === 0 ? this.#objective.first(batch) : this.#objective.further(batch));
      this.tokensSeen += Object.values(batch)[0]?.data.length ?? 0;
    }
    this.#ensureFinite('loss', loss);
    this.#hasGradients = true;
    return { loss, gradients: this.optimizer.gradients };
  }

  /** The second half: clips the gradients and changes the parameters against them. */
  async apply(): Promise<Omit<StepResult, 'loss'>> {
    ensure(this.#hasGradients, 'apply: there are no new gradients; call gradients() first');
    const learningRate = this.#learningRate(this.step);
    const gradNorm = await this.optimizer.gradientNorm();
    // After an update with such gradients nothing would be left of the weights.
    this.#ensureFinite("gradient's norm", gradNorm);
    await this.optimizer.update({ learningRate, gradientScale: clipScale(gradNorm, this.#maxGradNorm) });
    this.#hasGradients = false;
    this.step++;
    return { learningRate, gradNorm };
  }

  /** The mean loss over the same batches of validation data every time, without dropout. */
  async evaluate(): Promise<number> {
    ensure(this.#validation, 'evaluate: there is nothing to measure on; give the trainer a validation stream');
    const { stream, start, count } = this.#validation;
    stream.restore(start);
    let total = 0;
    for (let i = 0; i < count; i++) total += await this.#objective.evaluate(await stream.next());
    this.#ensureFinite('validation loss', total);
    return total / count;
  }

  /** The place in the training; with the weights and {@link Optimizer.state} it is all that resuming needs. */
  get state(): TrainerState {
    return { step: this.step, batches: this.#batches.state, dropout: this.#dropout.state };
  }

  /** Goes on from `state`. Weights and the optimizer's state are the caller's to restore. */
  restore(state: TrainerState): void {
    this.#batches.restore(state.batches);
    this.#dropout.state = state.dropout;
    this.step = state.step;
    this.optimizer.step = state.step;
    this.#hasGradients = false;
  }

  /** Training that has come to NaN or infinity stays there; its weights are not worth keeping. */
  #ensureFinite(name: string, value: number): void {
    const { step } = this;
    const rate = () => Number(this.#learningRate(step - 1).toPrecision(3));
    ensure(Number.isFinite(value), () =>
      step === 0
        ? `the ${name} is ${value} before the first step; check the objective, the data and the initial weights`
        : `the ${name} became ${value} after ${step} ${step === 1 ? 'step' : 'steps'}; lower the learning rate, now ${rate()}`,
    );
  }
}
