import { layerNorm, linear, rmsNorm, type Tensor } from '../tensor/index.ts';
import { type Initializer, normalInit, onesInit, zerosInit } from './initializers.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';

/** A part of a model that makes one tensor from another. */
export interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

/** GPT-2 draws its weights from a normal distribution with this deviation (Radford et al., 2019). */
const gpt2Normal = normalInit(0.02);

export interface LinearOptions {
  /** Whether a learned number is added to every output. Defaults to true. */
  bias?: boolean;
  /** Makes the first weight. Defaults to `normalInit(0.02)`; the bias starts at 0. */
  init?: Initializer;
}

/** x Wᵀ + b: `[..., inFeatures]` becomes `[..., outFeatures]`. */
export class Linear extends Module {
  readonly weight: Parameter; // [outFeatures, inFeatures]
  readonly bias: Parameter | undefined; // [outFeatures]

  constructor(inFeatures: number, outFeatures: number, { bias = true, init = gpt2Normal }: LinearOptions = {}) {
    super();
    this.weight = new Parameter([outFeatures, inFeatures], init);
    this.bias = bias ? new Parameter([outFeatures], zerosInit) : undefined;
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}

/** A table with one learned vector per id: int32 `[...]` becomes `[..., dim]`. */
export class Embedding extends Module {
  readonly weight: Parameter; // [count, dim]

  /** `init` makes the first table and defaults to `normalInit(0.02)`. */
  constructor(count: number, dim: number, { init = gpt2Normal }: { init?: Initializer } = {}) {
    super();
    this.weight = new Parameter([count, dim], init);
  }

  forward(ids: Tensor): Tensor {
    return this.weight.rows(ids);
  }
}

export interface NormOptions {
  /** Is added to the variance or mean square before its root is taken. Defaults to 1e-5. */
  eps?: number;
}

/** Shifts and scales every row to mean 0 and variance 1, then to a learned scale and shift; the shape stays. */
export class LayerNorm extends Module {
  readonly weight: Parameter; // [dim]
  readonly bias: Parameter; // [dim]
  readonly eps: number;

  constructor(dim: number, { eps = 1e-5 }: NormOptions = {}) {
    super();
    this.weight = new Parameter([dim], onesInit);
    this.bias = new Parameter([dim], zerosInit);
    this.eps = eps;
  }

  forward(x: Tensor): Tensor {
    return layerNorm(x, this.weight, this.bias, this.eps);
  }
}

/** Divides every row by its root mean square (Zhang and Sennrich, 2019) and scales it by a learned weight; the shape stays. */
export class RMSNorm extends Module {
  readonly weight: Parameter; // [dim]
  readonly eps: number;

  constructor(dim: number, { eps = 1e-5 }: NormOptions = {}) {
    super();
    this.weight = new Parameter([dim], onesInit);
    this.eps = eps;
  }

  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.weight, this.eps);
  }
}
