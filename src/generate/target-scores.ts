import type { Tensor } from '../tensor/index.ts';

/** What a model made of tokens that are known, as they come one after the other. */
export interface TargetScores {
  /** The natural logarithm of each one's probability. */
  logProbabilities: Float32Array;
  /** The likeliest token in the place of each; the lowest id among equals. */
  likeliest: Int32Array;
}

/** The logits of a pass stay in the graph, at most so many of them at once. */
export const mostLogits = 2 ** 24;

/** The same in the graph: `logits [n, vocabSize]` and int32 `targets [n]` give two tensors `[n]`, two numbers instead of a row. */
export function targetScores(logits: Tensor, targets: Tensor): Tensor[] {
  const count = targets.shape[0]!;
  // Not by log-sum-exp: ONNX Runtime adds up its terms one by one, and the rounding is felt in the fifth digit.
  const logProbabilities = logits.logSoftmax(1).gather(1, targets.reshape([count, 1]));
  return [logProbabilities.reshape([count]), logits.argmax(1)];
}
