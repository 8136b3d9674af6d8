import { type Compiled, compile } from '../../compile/index.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import type { Parameter } from '../../nn/index.ts';
import { fromArray, type Tensor } from '../../tensor/index.ts';
import { checkOptimizerOptions } from './check-options.ts';
import { Coefficients } from './coefficients.ts';
import { flatNorm } from './flat-norm.ts';
import { FlatParameters } from './flat-parameters.ts';
import { completeUpdateOptions, type Optimizer, type OptimizerKind, type UpdateOptions } from './optimizer.ts';

export interface AdamWOptions {
  /** The decay rates of the running means of the gradients and of their squares. Defaults to [0.9, 0.95]. */
  betas: readonly [number, number];
  /** Is added to the divisor √v, to avoid division by zero. Defaults to 1e-8. */
  eps: number;
  /**
   * Every step multiplies the elements of matrices, including embeddings, by 1 - learningRate · weightDecay. Biases and norms do not
   * decay. Defaults to 0.1.
   */
  weightDecay: number;
}

/** The values of nanoGPT, which follow GPT-3 (Brown et al., 2020). */
export const defaultAdamW: AdamWOptions = { betas: [0.9, 0.95], eps: 1e-8, weightDecay: 0.1 };

export const adamWOptionNames: OptionNames<AdamWOptions> = { betas: true, eps: true, weightDecay: true };

/** AdamW (Loshchilov and Hutter, 2019), with the same formulas as PyTorch's `torch.optim.AdamW`. */
export class AdamW implements Optimizer {
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** Running means of the gradients and of their squares. */
  readonly state: {
    readonly firstMoment: ReadonlyMap<string, Float32Array>;
    readonly secondMoment: ReadonlyMap<string, Float32Array>;
  };
  step = 0;
  readonly #flat: FlatParameters;
  readonly #gradients: Float32Array;
  readonly #firstMoment: Float32Array;
  readonly #secondMoment: Float32Array;
  readonly #options: AdamWOptions;
  readonly #norm: () => Promise<number>;
  readonly #update: Compiled;

  /**
   * Creates an optimiser for the trainable ones among `parameters`, which are named by their paths as in `model.namedParameters()`. It
   * moves their values into one array; see `FlatParameters`.
   */
  constructor(parameters: ReadonlyMap<string, Parameter>, options: Partial<AdamWOptions> = {}) {
    this.#options = { ...defaultAdamW, ...knownOptions('AdamW', options, adamWOptionNames) };
    checkOptimizerOptions(this.#options);
    this.#flat = new FlatParameters(parameters);
    this.#gradients = this.#flat.allocate();
    this.#firstMoment = this.#flat.allocate();
    this.#secondMoment = this.#flat.allocate();
    this.parameters = this.#flat.parameters;
    this.gradients = this.#flat.views(this.#gradients);
    this.#norm = flatNorm(this.#flat, this.#gradients);
    this.state = {
      firstMoment: this.#flat.views(this.#firstMoment),
      secondMoment: this.#flat.views(this.#secondMoment),
    };
    const { betas } = this.#options;
    this.#update = compile((...args) => updateRule(betas, args as UpdateArguments));
  }

  gradientNorm(): Promise<number> {
    return this.#norm();
  }

  async update(options: UpdateOptions): Promise<void> {
    const { learningRate, gradientScale } = completeUpdateOptions(options);
    const { betas, eps, weightDecay } = this.#options;
    this.#flat.takeOver();
    this.step++;
    // The running means start at 0. Dividing by these corrections removes the bias towards 0.
    const correction1 = 1 - betas[0] ** this.step;
    const correction2 = Math.sqrt(1 - betas[1] ** this.step);
    const coefficientsOf = (decay: number) =>
      coefficients.pack({
        firstShare: (1 - betas[0]) * gradientScale,
        secondShare: (1 - betas[1]) * gradientScale * gradientScale,
        keep: 1 - learningRate * decay,
        rate: (learningRate * correction2) / correction1,
        floor: eps * correction2,
      });
    const changing = [this.#flat.values, this.#firstMoment, this.#secondMoment];
    const packed = [coefficientsOf(weightDecay), coefficientsOf(0)]; // of matrices, of others
    for (const { start, end, group } of this.#flat.pieces()) {
      const pieces = changing.map((array) => array.subarray(start, end));
      const args = [...pieces, this.#gradients.subarray(start, end)].map((piece) => fromArray(piece, [piece.length]));
      await this.#update.run([...args, packed[group]!], pieces);
    }
  }
}

/** The numbers of {@link updateRule} that are the same for every element. */
const coefficients = new Coefficients('firstShare', 'secondShare', 'keep', 'rate', 'floor');

type UpdateArguments = [parameter: Tensor, firstMoment: Tensor, secondMoment: Tensor, gradient: Tensor, packed: Tensor];

/**
 * The update of one piece: parameters p, moments m and v, gradients g and packed coefficients give new parameters and moments.
 *
 *     m ← β₁ m + firstShare g,  v ← β₂ v + secondShare g²,  p ← keep p - rate m / (√v + floor)
 */
function updateRule([beta1, beta2]: AdamWOptions['betas'], args: UpdateArguments): Tensor[] {
  const [parameter, firstMoment, secondMoment, gradient, packed] = args;
  const { firstShare, secondShare, keep, rate, floor } = coefficients.unpack(packed);
  const first = firstMoment.mul(beta1).add(gradient.mul(firstShare));
  const second = secondMoment.mul(beta2).add(gradient.mul(gradient).mul(secondShare));
  const change = first.mul(rate).div(second.sqrt().add(floor));
  return [parameter.mul(keep).sub(change), first, second];
}

/** AdamW among the optimisers that training options can name. */
export const adamw: OptimizerKind<AdamWOptions> = {
  learningRate: 1e-3,
  defaults: defaultAdamW,
  create: (parameters, options) => new AdamW(parameters, options),
  numbersPerElement: () => 2,
};
