import type { Parameter } from '../nn/index.ts';

/**
 * What changes parameters by their gradients. The gradients are written into {@link gradients}, where they can be read and
 * replaced; then {@link update} makes one step.
 *
 * All maps have the same names in the same order: the paths of the parameters in their model.
 */
export interface Optimizer {
  /** What it changes: the trainable parameters it was made for. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Where the gradient of each parameter goes, as many elements as the parameter has. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** What it remembers of each parameter, such as AdamW's two moments, by kind; written to when training is resumed. */
  readonly state: Readonly<Record<string, ReadonlyMap<string, Float32Array>>>;
  /** How many updates it has made; set when training is resumed. */
  step: number;
  /** The norm of all gradients together. */
  gradientNorm(): Promise<number>;
  /** Changes the parameters by one step against the gradients. */
  update(options: UpdateOptions): Promise<void>;
}

export interface UpdateOptions {
  learningRate: number;
  /** What the gradients are multiplied by first, as in {@link clipScale}. Defaults to 1. */
  gradientScale?: number;
}

/**
 * What scales gradients whose norm is `norm` down to the norm `maxNorm`, and leaves smaller ones as they are: clipping, as PyTorch's
 * `torch.nn.utils.clip_grad_norm_` does it.
 */
export function clipScale(norm: number, maxNorm: number): number {
  return Math.min(1, maxNorm / (norm + 1e-6));
}
