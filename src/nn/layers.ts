import type { Random } from '../random/random.ts';
import { gelu, layerNorm, linear, type Tensor } from '../tensor/index.ts';
import { Module } from './module.ts';
import { type Initializer, normalInit, onesInit, Parameter, zerosInit } from './parameter.ts';

/** GPT-2 draws its weights from a normal distribution with this deviation (Radford et al., 2019). */
const initDeviation = 0.02;

export interface LinearOptions {
  bias?: boolean;
  init?: Initializer;
}

/** x Wᵀ + b: `[..., inFeatures]` becomes `[..., outFeatures]`. */
export class Linear extends Module {
  readonly weight: Parameter; // [outFeatures, inFeatures]
  readonly bias: Parameter | undefined; // [outFeatures]

  constructor(inFeatures: number, outFeatures: number, random: Random, options: LinearOptions = {}) {
    super();
    const { bias = true, init = normalInit(initDeviation) } = options;
    this.weight = new Parameter([outFeatures, inFeatures], init, random);
    this.bias = bias ? new Parameter([outFeatures], zerosInit, random) : undefined;
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}

/** A table with one learned vector per id: int32 `[...]` becomes `[..., dim]`. */
export class Embedding extends Module {
  readonly weight: Parameter; // [count, dim]

  constructor(count: number, dim: number, random: Random, init = normalInit(initDeviation)) {
    super();
    this.weight = new Parameter([count, dim], init, random);
  }

  forward(ids: Tensor): Tensor {
    return this.weight.rows(ids);
  }
}

/** Shifts and scales every row to mean 0 and variance 1, then to a learned scale and shift; the shape stays. */
export class LayerNorm extends Module {
  readonly weight: Parameter; // [dim]
  readonly bias: Parameter; // [dim]
  readonly eps: number;

  constructor(dim: number, random: Random, eps = 1e-5) {
    super();
    this.weight = new Parameter([dim], onesInit, random);
    this.bias = new Parameter([dim], zerosInit, random);
    this.eps = eps;
  }

  forward(x: Tensor): Tensor {
    return layerNorm(x, this.weight, this.bias, this.eps);
  }
}

/** The Gaussian error linear unit in the form GPT-2 uses; the shape stays. */
export class GELU extends Module {
  forward(x: Tensor): Tensor {
    return gelu(x, 'tanh');
  }
}

/** Each position on its own: widened to four times the width, bent by GELU, and brought back. The shape stays. */
export class FeedForward extends Module {
  readonly expand: Linear;
  readonly activation = new GELU();
  readonly contract: Linear;

  /** `outputInit` fills the weight that writes to the shortcut connection. */
  constructor(embDim: number, random: Random, outputInit: Initializer) {
    super();
    this.expand = new Linear(embDim, 4 * embDim, random);
    this.contract = new Linear(4 * embDim, embDim, random, { init: outputInit });
  }

  forward(x: Tensor): Tensor {
    return this.contract.forward(this.activation.forward(this.expand.forward(x)));
  }
}
