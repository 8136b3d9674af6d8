import { gelu, silu, type Tensor } from '../tensor/index.ts';
import { Linear } from './layers.ts';
import { Module } from './module.ts';

/** The Gaussian error linear unit, in GPT-2's tanh approximation. The shape stays the same. */
export class GELU extends Module {
  forward(x: Tensor): Tensor {
    return gelu(x, 'tanh');
  }
}

/** The feed-forward network of GPT-2, applied to each position separately: embDim → 4 embDim → GELU → embDim. */
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
 * The gated feed-forward network (Shazeer, 2020), applied to each position separately: down(SiLU(gate(x)) · up(x)). `gate` and `up` project
 * embDim to hiddenDim, `down` projects back. SiLU(gate(x)) controls how much of each element of up(x) passes.
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
