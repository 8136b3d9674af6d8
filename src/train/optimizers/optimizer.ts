import { ensureNumber } from '../../core/kind.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import type { Parameter } from '../../nn/index.ts';

/**
 * Updates parameters from their gradients. The trainer writes the gradients into {@link gradients}, where they can be read and changed.
 * Then {@link update} makes one step.
 *
 * The keys of all maps are the paths of the parameters in the model. `parameters` and `gradients` have the same keys in the same order.
 */
export interface Optimizer {
  /** The trainable parameters that it updates. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** The gradient of each parameter, with as many elements as the parameter. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /**
   * What is remembered of parameters, by kind, such as AdamW's two moments. A kind may hold some of the parameters, and there may be none.
   * Resuming a run writes into these arrays.
   */
  readonly state: Readonly<Record<string, ReadonlyMap<string, Float32Array>>>;
  /** The number of updates made. Resuming a run sets it. */
  step: number;
  /** The Euclidean norm of all gradients together. */
  gradientNorm(): Promise<number>;
  /** Changes the parameters by one step against the gradients. */
  update(options: UpdateOptions): Promise<void>;
}

export interface UpdateOptions {
  learningRate: number;
  /** A factor for all gradients, such as the result of {@link clipScale}. Defaults to 1. */
  gradientScale?: number;
}

const updateOptionNames: OptionNames<UpdateOptions> = { learningRate: true, gradientScale: true };

/** The options of an update with their defaults. Throws a TsgptError unless they are numbers. */
export function completeUpdateOptions(options: UpdateOptions): Required<UpdateOptions> {
  const { learningRate, gradientScale = 1 } = knownOptions('update', options, updateOptionNames);
  ensureNumber('update', 'learningRate', learningRate);
  ensureNumber('update', 'gradientScale', gradientScale);
  return { learningRate, gradientScale };
}

/**
 * The factor that clips gradients: it scales a `norm` above `maxNorm` down to `maxNorm`, and is 1 for smaller norms. It is computed as in
 * PyTorch's `torch.nn.utils.clip_grad_norm_`.
 */
export function clipScale(norm: number, maxNorm: number): number {
  ensureNumber('clipScale', 'the norm', norm);
  ensureNumber('clipScale', 'maxNorm', maxNorm);
  return Math.min(1, maxNorm / (norm + 1e-6));
}

/** An optimiser that training options can name; {@link optimizerKinds} lists them. `Options` are those that can be saved as JSON. */
export interface OptimizerKind<Options extends object> {
  /** A learning rate to begin with. */
  learningRate: number;
  /** Every option with its default. */
  defaults: Options;
  create(parameters: ReadonlyMap<string, Parameter>, options: Partial<Options>): Optimizer;
  /** How many numbers {@link Optimizer.state} holds for each element of a parameter. */
  numbersPerElement(path: string, parameter: Parameter, options: Options): number;
}
