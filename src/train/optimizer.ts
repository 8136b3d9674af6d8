import type { OptionNames } from '../core/options.ts';
import type { Parameter } from '../nn/index.ts';

/**
 * Updates parameters from their gradients. The trainer writes the gradients into {@link gradients}, where they can be read and changed.
 * Then {@link update} makes one step.
 *
 * All maps have the same keys in the same order: the paths of the parameters in the model.
 */
export interface Optimizer {
  /** The trainable parameters that it updates. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** The gradient of each parameter, with as many elements as the parameter. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** The state of each parameter, by kind, such as AdamW's two moments. Resuming a run writes into these arrays. */
  readonly state: Readonly<Record<string, ReadonlyMap<string, Float32Array>>>;
  /** The number of updates made. Resuming a run sets it. */
  step: number;
  /** The Euclidean norm of all gradients together. */
  gradientNorm(): Promise<number>;
  /** Changes the parameters by one step against the gradients. */
  update(options: UpdateOptions): Promise<void>;
}

export interface UpdateOptions {
  learningRate: number;
  /** A factor for all gradients, such as the result of {@link clipScale}. Defaults to 1. */
  gradientScale?: number;
}

export const updateOptionNames: OptionNames<UpdateOptions> = { learningRate: true, gradientScale: true };

/**
 * The factor that clips gradients: it scales a `norm` above `maxNorm` down to `maxNorm`, and is 1 for smaller norms. It is computed as in
 * PyTorch's `torch.nn.utils.clip_grad_norm_`.
 */
export function clipScale(norm: number, maxNorm: number): number {
  return Math.min(1, maxNorm / (norm + 1e-6));
}
