import { knownOptions, type OptionNames } from '../core/options.ts';
import { gelu, silu, type Tensor } from '../tensor/index.ts';
import { type Layer, Linear } from './layers.ts';
import { Module } from './module.ts';

/** The Gaussian error linear unit, in GPT-2's tanh approximation. The shape stays the same. */
export class GELU extends Module {
  forward(x: Tensor): Tensor {
    return gelu(x, 'tanh');
  }
}

/** An activation function, such as `relu`, as a part of a model. The shape stays the same. */
export class Activation extends Module {
  readonly #activate: (x: Tensor) => Tensor;

  constructor(activate: (x: Tensor) => Tensor) {
    super();
    this.#activate = activate;
  }

  forward(x: Tensor): Tensor {
    return this.#activate(x);
  }
}

export interface FeedForwardOptions {
  /** The hidden dimension. Defaults to 4 embDim. */
  hiddenDim?: number;
  /** Whether the two linear layers have a bias. Defaults to true. */
  bias?: boolean;
  /** The activation function between the two linear layers. Defaults to GELU in GPT-2's tanh approximation. */
  activation?: (x: Tensor) => Tensor;
}

const feedForwardOptions: OptionNames<FeedForwardOptions> = { hiddenDim: true, bias: true, activation: true };

/** The feed-forward network of GPT-2, applied to each position separately: embDim → hiddenDim → activation → embDim. */
export class FeedForward extends Module {
  readonly expand: Linear;
  readonly activation: Layer;
  readonly contract: Linear;

  constructor(embDim: number, options: FeedForwardOptions = {}) {
    super();
    const known = knownOptions('FeedForward', options, feedForwardOptions);
    const { hiddenDim = 4 * embDim, bias = true, activation } = known;
    this.expand = new Linear(embDim, hiddenDim, { bias });
    this.activation = activation ? new Activation(activation) : new GELU();
    this.contract = new Linear(hiddenDim, embDim, { bias });
  }

  get outputLayers(): readonly Linear[] {
    return [this.contract];
  }

  forward(x: Tensor): Tensor {
    return this.contract.forward(this.activation.forward(this.expand.forward(x)));
  }
}

export interface SwiGLUOptions {
  /** Whether the three linear layers have a bias. Defaults to false. */
  bias?: boolean;
}

const swiGLUOptions: OptionNames<SwiGLUOptions> = { bias: true };

/**
 * The gated feed-forward network (Shazeer, 2020), applied to each position separately: down(SiLU(gate(x)) · up(x)). `gate` and `up` project
 * embDim to hiddenDim, `down` projects back. SiLU(gate(x)) controls how much of each element of up(x) passes.
 */
export class SwiGLU extends Module {
  readonly gate: Linear;
  readonly up: Linear;
  readonly down: Linear;

  constructor(embDim: number, hiddenDim: number, options: SwiGLUOptions = {}) {
    super();
    const { bias = false } = knownOptions('SwiGLU', options, swiGLUOptions);
    this.gate = new Linear(embDim, hiddenDim, { bias });
    this.up = new Linear(embDim, hiddenDim, { bias });
    this.down = new Linear(hiddenDim, embDim, { bias });
  }

  get outputLayers(): readonly Linear[] {
    return [this.down];
  }

  forward(x: Tensor): Tensor {
    const gated = silu(this.gate.forward(x)).mul(this.up.forward(x)).named('gated'); // [..., hiddenDim]
    return this.down.forward(gated);
  }
}
