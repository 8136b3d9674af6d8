import { type Compiled, compile } from '../compile/index.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import type { Parameter } from '../nn/index.ts';
import { fromArray, type Tensor } from '../tensor/index.ts';
import { FlatParameters } from './flat-parameters.ts';
import { type Optimizer, type UpdateOptions, updateOptionNames } from './optimizer.ts';

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

/** Elements per piece of an update: few enough that all its arrays fit in the processor's cache. */
const pieceSize = 1 << 19;

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
  readonly #update: Compiled;
  readonly #squaredNorm: Compiled;

  /**
   * Creates an optimizer for the trainable ones among `parameters`, which are named by their paths as in `model.namedParameters()`. It
   * moves their values into one array; see `FlatParameters`.
   */
  constructor(parameters: ReadonlyMap<string, Parameter>, options: Partial<AdamWOptions> = {}) {
    this.#options = { ...defaultAdamW, ...knownOptions('AdamW', options, adamWOptionNames) };
    this.#flat = new FlatParameters(parameters);
    this.#gradients = this.#flat.allocate();
    this.#firstMoment = this.#flat.allocate();
    this.#secondMoment = this.#flat.allocate();
    this.parameters = this.#flat.parameters;
    this.gradients = this.#flat.views(this.#gradients);
    this.state = {
      firstMoment: this.#flat.views(this.#firstMoment),
      secondMoment: this.#flat.views(this.#secondMoment),
    };
    const { betas } = this.#options;
    this.#update = compile((...args) => updateRule(betas, args));
    this.#squaredNorm = compile((gradient) => [gradient!.mul(gradient!).sum()]);
  }

  async gradientNorm(): Promise<number> {
    let sum = 0;
    for (const [start, end] of this.#pieces()) {
      const [squared] = await this.#squaredNorm.run([fromArray(this.#gradients.subarray(start, end), [end - start])]);
      sum += squared![0]!;
    }
    return Math.sqrt(sum);
  }

  async update(options: UpdateOptions): Promise<void> {
    const { learningRate, gradientScale = 1 } = knownOptions('update', options, updateOptionNames);
    const { betas, eps, weightDecay } = this.#options;
    this.#flat.takeOver();
    this.step++;
    // The running means start at 0. Dividing by these corrections removes the bias towards 0.
    const correction1 = 1 - betas[0] ** this.step;
    const correction2 = Math.sqrt(1 - betas[1] ** this.step);
    const coefficients = (decay: number) =>
      packed({
        firstShare: (1 - betas[0]) * gradientScale,
        secondShare: (1 - betas[1]) * gradientScale * gradientScale,
        keep: 1 - learningRate * decay,
        rate: (learningRate * correction2) / correction1,
        floor: eps * correction2,
      });
    const changing = [this.#flat.values, this.#firstMoment, this.#secondMoment];
    const ofMatrices = coefficients(weightDecay);
    const ofOthers = coefficients(0);
    for (const [start, end] of this.#pieces()) {
      const pieces = changing.map((array) => array.subarray(start, end));
      const args = [...pieces, this.#gradients.subarray(start, end)].map((piece) => fromArray(piece, [piece.length]));
      await this.#update.run([...args, start < this.#flat.matrixSize ? ofMatrices : ofOthers], pieces);
    }
  }

  /** Ranges of at most `pieceSize` elements that cover the parameters. No range mixes matrices with other parameters. */
  *#pieces(): Generator<[start: number, end: number]> {
    const { matrixSize, size } = this.#flat;
    for (const [from, to] of [
      [0, matrixSize],
      [matrixSize, size],
    ] as const) {
      for (let start = from; start < to; start += pieceSize) yield [start, Math.min(start + pieceSize, to)];
    }
  }
}

/** The coefficients of {@link updateRule}, which are the same for every element, in the order of {@link packed}. */
const coefficientNames = ['firstShare', 'secondShare', 'keep', 'rate', 'floor'] as const;

type Coefficients<T> = Record<(typeof coefficientNames)[number], T>;

/** The coefficients as one tensor: `[5]`. */
function packed(coefficients: Coefficients<number>): Tensor {
  return fromArray(
    Float32Array.from(coefficientNames, (name) => coefficients[name]),
    [coefficientNames.length],
  );
}

function unpacked(tensor: Tensor): Coefficients<Tensor> {
  return Object.fromEntries(
    coefficientNames.map((name, i) => [name, tensor.slice([i, i + 1])]),
  ) as Coefficients<Tensor>;
}

/**
 * The update of one piece: parameters p, moments m and v, gradients g and packed coefficients give new parameters and moments.
 *
 *     m ← β₁ m + firstShare g,  v ← β₂ v + secondShare g²,  p ← keep p - rate m / (√v + floor)
 */
function updateRule([beta1, beta2]: AdamWOptions['betas'], args: readonly Tensor[]): Tensor[] {
  const [parameter, firstMoment, secondMoment, gradient, coefficients] = args as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const { firstShare, secondShare, keep, rate, floor } = unpacked(coefficients);
  const first = firstMoment.mul(beta1).add(gradient.mul(firstShare));
  const second = secondMoment.mul(beta2).add(gradient.mul(gradient).mul(secondShare));
  const change = first.mul(rate).div(second.sqrt().add(floor));
  return [parameter.mul(keep).sub(change), first, second];
}
