import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureCount, ensureKind } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import { arange, layerNorm, linear, rmsNorm, type Tensor } from '../tensor/index.ts';
import { type Initializer, normalInit, onesInit, zerosInit } from './initializers.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';

/** A part of a model that computes one tensor from another. */
export interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

/** A part of a transformer block with a shortcut connection around it: attention or a feed-forward network. */
export interface ResidualLayer extends Layer {
  /**
   * The linear layers that compute its output, or none. {@link gpt2Init} gives them smaller weights. Define it as a getter, so that these
   * layers keep the paths of their own fields.
   */
  readonly outputLayers: readonly Linear[];
}

function ensureSizes(layer: string, sizes: Readonly<Record<string, number>>): void {
  for (const [name, size] of Object.entries(sizes)) {
    ensure(
      Number.isSafeInteger(size) && size >= 1,
      () => `${layer}: ${name} must be a whole number of at least 1, but is ${describeValue(size)}`,
    );
  }
}

/** GPT-2 draws its weights from a normal distribution with this standard deviation (Radford et al., 2019). */
const gpt2Normal = normalInit(0.02);

export interface LinearOptions {
  /** Whether a learned bias is added to the output. Defaults to true. */
  bias?: boolean;
  /** Initialises the weight. Defaults to `normalInit(0.02)`. The bias starts at 0. */
  init?: Initializer;
}

const linearOptions: OptionNames<LinearOptions> = { bias: true, init: true };

/** A linear layer, x Wᵀ + b: `[..., inFeatures]` → `[..., outFeatures]`. */
export class Linear extends Module {
  readonly weight: Parameter; // [outFeatures, inFeatures]
  readonly bias: Parameter | undefined; // [outFeatures]

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    const { bias = true, init = gpt2Normal } = knownOptions('Linear', options, linearOptions);
    ensureSizes('Linear', { inFeatures, outFeatures });
    this.weight = new Parameter([outFeatures, inFeatures], init);
    this.bias = bias ? new Parameter([outFeatures], zerosInit) : undefined;
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}

export interface EmbeddingOptions {
  /** Initialises the matrix. Defaults to `normalInit(0.02)`. */
  init?: Initializer;
}

const embeddingOptions: OptionNames<EmbeddingOptions> = { init: true };

/** An embedding matrix with one learned vector per id: int32 `[...]` → `[..., dim]`. */
export class Embedding extends Module {
  readonly weight: Parameter; // [count, dim]

  constructor(count: number, dim: number, options: EmbeddingOptions = {}) {
    super();
    const { init = gpt2Normal } = knownOptions('Embedding', options, embeddingOptions);
    ensureSizes('Embedding', { count, dim });
    this.weight = new Parameter([count, dim], init);
  }

  forward(ids: Tensor): Tensor {
    return this.weight.rows(ids);
  }
}

/** The table `[count, dim]` of an {@link Embedding}; undefined for a part in its place that may compute vectors in another way. */
export function plainTable(part: Layer): Parameter | undefined {
  ensureKind('plainTable', 'a layer', part, 'forward');
  return part.constructor === Embedding ? (part as Embedding).weight : undefined; // a subclass may have its own forward
}

/** The vectors of the ids 0 to `count` - 1, `[count, dim]`: of an {@link Embedding} a slice of its matrix, which needs no look-up. */
export function firstVectors(part: Layer, count: number): Tensor {
  ensureCount('the number of vectors', count, 0);
  return plainTable(part)?.slice([0, count]) ?? part.forward(arange(count));
}

export interface NormOptions {
  /** Is added to the variance or mean square before taking the root. Defaults to 1e-5. */
  eps?: number;
}

const normOptions: OptionNames<NormOptions> = { eps: true };

/**
 * Layer normalisation (Ba et al., 2016): normalises every row to mean 0 and variance 1, then applies a learned scale and shift. The shape
 * stays the same.
 */
export class LayerNorm extends Module {
  readonly weight: Parameter; // [dim]
  readonly bias: Parameter; // [dim]
  readonly eps: number;

  constructor(dim: number, options: NormOptions = {}) {
    super();
    const { eps = 1e-5 } = knownOptions('LayerNorm', options, normOptions);
    ensureSizes('LayerNorm', { dim });
    this.weight = new Parameter([dim], onesInit);
    this.bias = new Parameter([dim], zerosInit);
    this.eps = eps;
  }

  forward(x: Tensor): Tensor {
    return layerNorm(x, this.weight, this.bias, this.eps);
  }
}

/** RMS normalisation (Zhang and Sennrich, 2019): divides every row by its root mean square, then applies a learned scale. */
export class RMSNorm extends Module {
  readonly weight: Parameter; // [dim]
  readonly eps: number;

  constructor(dim: number, options: NormOptions = {}) {
    super();
    const { eps = 1e-5 } = knownOptions('RMSNorm', options, normOptions);
    ensureSizes('RMSNorm', { dim });
    this.weight = new Parameter([dim], onesInit);
    this.eps = eps;
  }

  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.weight, this.eps);
  }
}
