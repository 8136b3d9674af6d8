import type { Tensor } from '../tensor/index.ts';

/** How a model scores given tokens, one after the other. */
export interface TargetScores {
  /** The natural logarithm of each token's probability. */
  logProbabilities: Float32Array;
  /** The likeliest token at each position; the lowest id of equal ones. */
  likeliest: Int32Array;
}

/** The most logits of one pass; they stay in the graph. */
export const mostLogits = 2 ** 24;

/** {@link TargetScores} in the graph: `logits [n, vocabSize]` and int32 `targets [n]` give two tensors `[n]`, so no row leaves the graph. */
export function targetScores(logits: Tensor, targets: Tensor): Tensor[] {
  const count = targets.shape[0]!;
  // Not by log-sum-exp: ONNX Runtime adds its terms one by one, and the rounding error reaches the fifth digit.
  const logProbabilities = logits.logSoftmax(1).gather(1, targets.reshape([count, 1]));
  return [logProbabilities.reshape([count]), logits.argmax(1)];
}
