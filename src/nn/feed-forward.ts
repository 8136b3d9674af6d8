import { gelu, silu, type Tensor } from '../tensor/index.ts';
import { Linear } from './layers.ts';
import { Module } from './module.ts';

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

  constructor(embDim: number) {
    super();
    this.expand = new Linear(embDim, 4 * embDim);
    this.contract = new Linear(4 * embDim, embDim);
  }

  forward(x: Tensor): Tensor {
    return this.contract.forward(this.activation.forward(this.expand.forward(x)));
  }
}

export interface SwiGLUOptions {
  /** Whether the three linear layers have a bias. Defaults to false. */
  bias?: boolean;
}

/**
 * The feed-forward network with a gate (Shazeer, 2020): each position on its own is widened twice, to `hiddenDim`. One of the two, bent
 * by SiLU, decides how much of the other passes on to be brought back. The shape stays.
 */
export class SwiGLU extends Module {
  readonly gate: Linear;
  readonly up: Linear;
  readonly down: Linear;

  constructor(embDim: number, hiddenDim: number, { bias = false }: SwiGLUOptions = {}) {
    super();
    this.gate = new Linear(embDim, hiddenDim, { bias });
    this.up = new Linear(embDim, hiddenDim, { bias });
    this.down = new Linear(hiddenDim, embDim, { bias });
  }

  forward(x: Tensor): Tensor {
    const gated = silu(this.gate.forward(x)).mul(this.up.forward(x)).named('gated'); // [..., hiddenDim]
    return this.down.forward(gated);
  }
}
