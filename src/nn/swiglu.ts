import type { Random } from '../random/random.ts';
import { silu, type Tensor } from '../tensor/index.ts';
import { Linear } from './layers.ts';
import { Module } from './module.ts';
import type { Initializer } from './parameter.ts';

export interface SwiGLUOptions {
  embDim: number;
  /** How wide it is inside. */
  hiddenDim: number;
  bias: boolean;
  /** Fills the weight that writes to the shortcut connection. */
  outputInit: Initializer;
}

/**
 * The feed-forward network with a gate (Shazeer, 2020): each position on its own is widened twice, and one of the two, bent by
 * SiLU, decides how much of the other passes on to be brought back. The shape stays.
 */
export class SwiGLU extends Module {
  readonly gate: Linear;
  readonly up: Linear;
  readonly down: Linear;

  constructor({ embDim, hiddenDim, bias, outputInit }: SwiGLUOptions, random: Random) {
    super();
    this.gate = new Linear(embDim, hiddenDim, random, { bias });
    this.up = new Linear(embDim, hiddenDim, random, { bias });
    this.down = new Linear(hiddenDim, embDim, random, { bias, init: outputInit });
  }

  forward(x: Tensor): Tensor {
    const gated = silu(this.gate.forward(x)).mul(this.up.forward(x)).named('gated'); // [..., hiddenDim]
    return this.down.forward(gated);
  }
}
