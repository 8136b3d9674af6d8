import { type Compiled, compile } from '../compile/index.ts';
import { fromArray, type Tensor } from '../tensor/index.ts';
import type { FlatParameters } from './flat-parameters.ts';

export interface AdamWOptions {
  /** How fast the running means of gradients and of their squares forget. */
  betas: readonly [number, number];
  eps: number;
  /** The share of every matrix element taken away per step and unit of learning rate; biases and norms do not decay. */
  weightDecay: number;
  /** Gradients whose norm over all parameters is larger are scaled down to it; Infinity leaves them as they are. */
  maxGradNorm: number;
}

/** As nanoGPT's, which follow GPT-3's (Brown et al., 2020). */
export const defaultAdamW: AdamWOptions = { betas: [0.9, 0.95], eps: 1e-8, weightDecay: 0.1, maxGradNorm: 1 };

/** Pieces of this many elements keep all arrays of an update in the processor's cache. */
const pieceSize = 1 << 19;

/**
 * AdamW (Loshchilov and Hutter, 2019) with clipping of the gradient by its norm over all parameters, both as PyTorch
 * computes them (`torch.optim.AdamW`, `torch.nn.utils.clip_grad_norm_`).
 */
export class AdamW {
  /** Running means of the gradients and of their squares, laid out like the parameters. */
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
  /** How many updates have been made. */
  step = 0;
  readonly #parameters: FlatParameters;
  readonly #options: AdamWOptions;
  readonly #update: Compiled;
  readonly #squaredNorm: Compiled;

  constructor(parameters: FlatParameters, options: AdamWOptions = defaultAdamW) {
    this.#parameters = parameters;
    this.#options = options;
    this.firstMoment = parameters.allocate();
    this.secondMoment = parameters.allocate();
    this.#update = compile((...args) => updateRule(options, args));
    this.#squaredNorm = compile((gradient) => [gradient!.mul(gradient!).sum()]);
  }

  /**
   * Changes the parameters by one step against `gradients`, laid out like them. Returns the gradients' norm before clipping; if
   * it is not finite, nothing has been changed.
   */
  async update(gradients: Float32Array, learningRate: number): Promise<number> {
    const { betas, eps, weightDecay, maxGradNorm } = this.#options;
    const norm = await this.#gradientNorm(gradients);
    // After an update with such gradients nothing would be left of the weights.
    if (!Number.isFinite(norm)) return norm;
    const clip = Math.min(1, maxGradNorm / (norm + 1e-6));
    this.step++;
    // The means start at 0; dividing by the weight of what they have seen so far corrects for it.
    const correction1 = 1 - betas[0] ** this.step;
    const correction2 = Math.sqrt(1 - betas[1] ** this.step);
    const settings = (decay: number) =>
      fromArray(
        Float32Array.of(
          (1 - betas[0]) * clip,
          (1 - betas[1]) * clip * clip,
          1 - learningRate * decay,
          (learningRate * correction2) / correction1,
          eps * correction2,
        ),
        [5],
      );
    const state = [this.#parameters.values, this.firstMoment, this.secondMoment];
    const decaying = settings(weightDecay);
    const constant = settings(0);
    for (const [start, end] of this.#pieces()) {
      const pieces = state.map((array) => array.subarray(start, end));
      const args = [...pieces, gradients.subarray(start, end)].map((piece) => fromArray(piece, [piece.length]));
      await this.#update.run([...args, start < this.#parameters.matrixSize ? decaying : constant], pieces);
    }
    return norm;
  }

  async #gradientNorm(gradients: Float32Array): Promise<number> {
    let sum = 0;
    for (const [start, end] of this.#pieces()) {
      const [squared] = await this.#squaredNorm.run([fromArray(gradients.subarray(start, end), [end - start])]);
      sum += squared![0]!;
    }
    return Math.sqrt(sum);
  }

  /** Ranges of at most `pieceSize` elements that cover the parameters and do not mix matrices with the rest. */
  *#pieces(): Generator<[start: number, end: number]> {
    const { matrixSize, size } = this.#parameters;
    for (const [from, to] of [
      [0, matrixSize],
      [matrixSize, size],
    ] as const) {
      for (let start = from; start < to; start += pieceSize) yield [start, Math.min(start + pieceSize, to)];
    }
  }
}

/**
 * One piece's update: parameters, moments, gradients and settings give new parameters and moments. In the order of the
 * settings, with all that is the same for every element worked out beforehand:
 *
 *     m ← β₁ m + share₁ g,  v ← β₂ v + share₂ g²,  p ← keep p - rate m / (√v + floor)
 */
function updateRule({ betas: [beta1, beta2] }: AdamWOptions, args: readonly Tensor[]): Tensor[] {
  const [parameter, firstMoment, secondMoment, gradient, settings] = args as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const setting = (i: number) => settings.slice([i, i + 1]);
  const [firstShare, secondShare, keep, rate, floor] = [0, 1, 2, 3, 4].map(setting) as FiveTensors;
  const first = firstMoment.mul(beta1).add(gradient.mul(firstShare));
  const second = secondMoment.mul(beta2).add(gradient.mul(gradient).mul(secondShare));
  const change = first.mul(rate).div(second.sqrt().add(floor));
  return [parameter.mul(keep).sub(change), first, second];
}

type FiveTensors = [Tensor, Tensor, Tensor, Tensor, Tensor];
