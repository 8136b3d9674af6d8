import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { knownOptions } from '../core/options.ts';
import { dropout, type Tensor } from '../tensor/index.ts';
import { type ForwardPass, forwardPassNames } from './forward-pass.ts';
import { Module } from './module.ts';

/** A part of a model that computes one tensor from another, and may use the options of a pass. */
export interface PassLayer extends Module {
  forward(x: Tensor, pass?: ForwardPass): Tensor;
}

/** Dropout as a part of a model; see {@link dropout}. It acts only in a pass that has a `random`. The shape stays the same. */
export class Dropout extends Module {
  readonly probability: number;

  /** `probability` is that of an element to become 0; at least 0 and less than 1. Defaults to 0.5. */
  constructor(probability = 0.5) {
    super();
    ensure(
      probability >= 0 && probability < 1,
      () => `dropout: the probability must be at least 0 and less than 1, but is ${describeValue(probability)}`,
    );
    this.probability = probability;
  }

  forward(x: Tensor, pass: ForwardPass = {}): Tensor {
    const { random } = knownOptions('forward', pass, forwardPassNames);
    return random ? dropout(x, this.probability, random) : x;
  }
}

/** Layers one after the other, each reading what the one before computes. Their paths are `layers.0`, `layers.1` and so on. */
export class Sequential extends Module {
  readonly layers: readonly PassLayer[];

  /** Takes the layers in their order. Functions such as `relu` become layers with `new Activation(relu)`. */
  constructor(...layers: PassLayer[]) {
    super();
    for (const layer of layers) {
      ensure(
        layer instanceof Module && 'forward' in layer,
        () =>
          `a layer of a Sequential must be a Module with a forward method, but is ${describeValue(layer)}; give the layers one by one, and functions as new Activation(relu)`,
      );
    }
    this.layers = layers;
  }

  forward(x: Tensor, pass: ForwardPass = {}): Tensor {
    return this.layers.reduce((input, layer) => layer.forward(input, pass), x);
  }
}
