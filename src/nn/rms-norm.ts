import type { Random } from '../random/random.ts';
import { rmsNorm, type Tensor } from '../tensor/index.ts';
import { Module } from './module.ts';
import { onesInit, Parameter } from './parameter.ts';

/** Divides every row by its root mean square and scales it by a learned weight; the shape stays. */
export class RMSNorm extends Module {
  readonly weight: Parameter; // [dim]
  readonly eps: number;

  constructor(dim: number, random: Random, eps = 1e-5) {
    super();
    this.weight = new Parameter([dim], onesInit, random);
    this.eps = eps;
  }

  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.weight, this.eps);
  }
}
