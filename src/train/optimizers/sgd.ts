import { type Compiled, compile } from '../../compile/index.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import type { Parameter } from '../../nn/index.ts';
import { fromArray, type Tensor } from '../../tensor/index.ts';
import { checkOptimizerOptions } from './check-options.ts';
import { Coefficients } from './coefficients.ts';
import { flatNorm } from './flat-norm.ts';
import { FlatParameters } from './flat-parameters.ts';
import { completeUpdateOptions, type Optimizer, type OptimizerKind, type UpdateOptions } from './optimizer.ts';

export interface SGDOptions {
  /** The share of the momentum that stays from step to step. 0 turns it off, and no state is kept. Defaults to 0.9. */
  momentum: number;
  /** Whether a step looks ahead along the momentum (Nesterov, 1983; Sutskever et al., 2013). Defaults to false. */
  nesterov: boolean;
  /** Every step adds weightDecay · p to the gradients of matrices, including embeddings. Biases and norms do not decay. Defaults to 0. */
  weightDecay: number;
}

const defaultSGD: SGDOptions = { momentum: 0.9, nesterov: false, weightDecay: 0 };

const optionNames: OptionNames<SGDOptions> = { momentum: true, nesterov: true, weightDecay: true };

/**
 * Stochastic gradient descent with momentum, with the same formulas as PyTorch's `torch.optim.SGD` with `dampening=0`. Its learning rates are larger
 * than AdamW's: 0.1 is a usual one.
 */
export class SGD implements Optimizer {
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** Sums of the gradients, in which older ones count less; nothing if the momentum is 0. */
  readonly state: { readonly momentum?: ReadonlyMap<string, Float32Array> };
  step = 0;
  readonly #flat: FlatParameters;
  readonly #gradients: Float32Array;
  readonly #momentum: Float32Array | undefined;
  readonly #options: SGDOptions;
  readonly #norm: () => Promise<number>;
  readonly #update: Compiled;

  /**
   * Creates an optimiser for the trainable ones among `parameters`, which are named by their paths as in `model.namedParameters()`. It
   * moves their values into one array; see `FlatParameters`.
   */
  constructor(parameters: ReadonlyMap<string, Parameter>, options: Partial<SGDOptions> = {}) {
    this.#options = { ...defaultSGD, ...knownOptions('SGD', options, optionNames) };
    checkOptimizerOptions(this.#options);
    const { momentum, nesterov } = this.#options;
    this.#flat = new FlatParameters(parameters);
    this.#gradients = this.#flat.allocate();
    this.#momentum = momentum === 0 ? undefined : this.#flat.allocate();
    this.parameters = this.#flat.parameters;
    this.gradients = this.#flat.views(this.#gradients);
    this.#norm = flatNorm(this.#flat, this.#gradients);
    this.state = this.#momentum ? { momentum: this.#flat.views(this.#momentum) } : {};
    this.#update = compile((packed, gradient, parameter, moment) => {
      const { scale, decay, rate } = coefficients.unpack(packed!);
      const change = gradient!.mul(scale).add(parameter!.mul(decay));
      if (!moment) return [parameter!.sub(change.mul(rate))];
      const moved = moment.mul(momentum).add(change);
      const direction: Tensor = nesterov ? change.add(moved.mul(momentum)) : moved;
      return [parameter!.sub(direction.mul(rate)), moved];
    });
  }

  gradientNorm(): Promise<number> {
    return this.#norm();
  }

  /**
   * With parameters p, their momentum m and clipped gradients g:
   *
   *     g ← g + weightDecay p,  m ← momentum m + g,  p ← p - learningRate m,  or with nesterov  p ← p - learningRate (g + momentum m)
   */
  async update(options: UpdateOptions): Promise<void> {
    const { learningRate, gradientScale } = completeUpdateOptions(options);
    this.#flat.takeOver();
    this.step++;
    const coefficientsOf = (decay: number) => coefficients.pack({ scale: gradientScale, decay, rate: learningRate });
    const packed = [coefficientsOf(this.#options.weightDecay), coefficientsOf(0)]; // of matrices, of others
    const changing = this.#momentum ? [this.#flat.values, this.#momentum] : [this.#flat.values];
    for (const { start, end, group } of this.#flat.pieces()) {
      const pieces = changing.map((array) => array.subarray(start, end));
      const args = [this.#gradients.subarray(start, end), ...pieces].map((piece) => fromArray(piece, [piece.length]));
      await this.#update.run([packed[group]!, ...args], pieces);
    }
  }
}

/** The numbers of the update that are the same for every element. */
const coefficients = new Coefficients('scale', 'decay', 'rate');

/** SGD among the optimisers that training options can name. */
export const sgd: OptimizerKind<SGDOptions> = {
  learningRate: 0.1,
  defaults: defaultSGD,
  create: (parameters, options) => new SGD(parameters, options),
  numbersPerElement: (_path, _parameter, { momentum }) => (momentum === 0 ? 0 : 1),
};
