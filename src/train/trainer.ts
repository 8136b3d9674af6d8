import { type Compiled, compile } from '../compile/index.ts';
import { ensure } from '../core/errors.ts';
import type { LanguageModel } from '../models/index.ts';
import { Random, type RandomState } from '../random/random.ts';
import { fromArray, grad, type Tensor } from '../tensor/index.ts';
import { randomWindows, type TokenIds, type Windows } from '../text/index.ts';
import { AdamW } from './adamw.ts';
import { FlatParameters } from './flat-parameters.ts';
import { checkTrainOptions, type TrainOptions } from './options.ts';
import { learningRateAt } from './schedule.ts';

/** Token ids to learn from and, apart from them, token ids to measure with. */
export interface TrainingText {
  train: TokenIds;
  validation: TokenIds;
}

export interface StepResult {
  /** The mean loss over the step's batches before the update, in nats per token. */
  loss: number;
  learningRate: number;
  /** The norm of the gradient over all parameters, before clipping. */
  gradNorm: number;
}

/** What besides the weights and moments makes training go on exactly where it was; fit for JSON. */
export interface TrainerState {
  step: number;
  windows: RandomState;
  dropout: RandomState;
}

/** The independent streams of random numbers that a seed gives; stream 0 is for initial weights. */
const streams = { init: 0, windows: 1, dropout: 2, evaluation: 3 };

/** The source of a model's initial weights for a training seed. */
export function initialRandom(seed: number): Random {
  return new Random(seed).stream(streams.init);
}

/** Trains a model step by step. `train()` is the loop around it. */
export class Trainer {
  /** How many steps have been made. */
  step = 0;
  readonly parameters: FlatParameters;
  readonly optimizer: AdamW;
  readonly options: TrainOptions;
  readonly #text: TrainingText;
  /** Tokens in a window: as many as the model sees at once. */
  readonly contextLength: number;
  readonly #evaluate: Compiled;
  readonly #gradients: Float32Array;
  /** The first pass of a step writes the gradients, the others add to them. */
  readonly #firstPass: Compiled;
  readonly #furtherPass: Compiled;
  #windows: Random;
  /** Compiled passes hold on to this object, so restoring it must not replace it. */
  readonly #dropout: Random;

  constructor(model: LanguageModel, text: TrainingText, options: TrainOptions) {
    checkTrainOptions(options);
    this.options = options;
    this.#text = text;
    this.contextLength = model.config.contextLength;
    this.parameters = new FlatParameters(model);
    this.optimizer = new AdamW(this.parameters, options);
    this.#gradients = this.parameters.allocate();
    this.#windows = new Random(options.seed).stream(streams.windows);
    this.#dropout = new Random(options.seed).stream(streams.dropout);
    this.#evaluate = compile((tokens, targets) => [model.loss(tokens!, targets!)]);

    const share = 1 / options.gradientAccumulation;
    const lossAndGradients = (tokens: Tensor, targets: Tensor) => {
      const loss = model.loss(tokens, targets, { random: this.#dropout }).mul(share);
      // The loss comes last, because ONNX Runtime computes the last output first and can then free the logits.
      return { loss, gradients: grad(loss, this.parameters.parameters) };
    };
    const sums = this.parameters
      .views(this.#gradients)
      .map((view, i) => fromArray(view, this.parameters.parameters[i]!.shape));
    this.#firstPass = compile((tokens, targets) => {
      const { loss, gradients } = lossAndGradients(tokens!, targets!);
      return [...gradients, loss];
    });
    this.#furtherPass = compile((tokens, targets) => {
      const { loss, gradients } = lossAndGradients(tokens!, targets!);
      return [...gradients.map((gradient, i) => sums[i]!.add(gradient)), loss];
    });
  }

  /** Predicts random windows of the text and changes the parameters against the gradient of the loss. */
  async trainStep(): Promise<StepResult> {
    const { gradientAccumulation } = this.options;
    const into = this.parameters.views(this.#gradients);
    let loss = 0;
    for (let pass = 0; pass < gradientAccumulation; pass++) {
      const batch = tensorsOf(this.#randomWindows(this.#text.train, this.#windows, 'training text'));
      const results = await (pass === 0 ? this.#firstPass : this.#furtherPass).run(batch, into);
      loss += results.at(-1)![0]!;
    }
    this.#ensureFinite('loss', loss);
    const learningRate = learningRateAt(this.step, this.options);
    const gradNorm = await this.optimizer.update(this.#gradients, learningRate);
    this.#ensureFinite("gradient's norm", gradNorm);
    this.step++;
    return { loss, learningRate, gradNorm };
  }

  /** The mean loss over the same windows of validation text every time, without dropout, in nats per token. */
  async evaluate(): Promise<number> {
    const { evalBatches, seed } = this.options;
    const random = new Random(seed).stream(streams.evaluation);
    let total = 0;
    for (let batch = 0; batch < evalBatches; batch++) {
      const windows = tensorsOf(this.#randomWindows(this.#text.validation, random, 'validation text'));
      const [loss] = await this.#evaluate.run(windows);
      total += loss![0]!;
    }
    this.#ensureFinite('validation loss', total);
    return total / evalBatches;
  }

  get state(): TrainerState {
    return { step: this.step, windows: this.#windows.state, dropout: this.#dropout.state };
  }

  /** Goes on from `state`; weights and moments are the caller's to restore. */
  restore(state: TrainerState): void {
    this.step = state.step;
    this.optimizer.step = state.step;
    this.#windows = new Random({ state: state.windows });
    this.#dropout.state = state.dropout;
  }

  /** Training that has come to NaN or infinity stays there; its weights are not worth keeping. */
  #ensureFinite(name: string, value: number): void {
    const { learningRate } = this.options;
    ensure(
      Number.isFinite(value),
      () => `the ${name} became ${value} after ${this.step} steps; lower the learning rate, now ${learningRate}`,
    );
  }

  #randomWindows(ids: TokenIds, random: Random, name: string): Windows {
    const { batchSize } = this.options;
    return randomWindows(ids, { batchSize, contextLength: this.contextLength, name }, random);
  }
}

function tensorsOf({ tokens, targets, shape }: Windows): [Tensor, Tensor] {
  return [fromArray(tokens, shape, 'the tokens'), fromArray(targets, shape, 'the targets')];
}
