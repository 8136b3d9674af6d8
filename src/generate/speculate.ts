import type { Random } from '../random/random.ts';
import type { Guess } from './draft.ts';
import { draw, type SamplingOptions, sampleToken, tokenProbabilities } from './sampling.ts';

/** How much longer a pass takes for each token after the first, as a share of a pass over one; measured with GPT-2 124M on a CPU. */
export const costPerToken = { float32: 0.07, q8: 0.11, q4: 0.18 };

/**
 * Chooses the next token where a draft has guessed one.
 *
 * A guess that was found is right if it is what the model chooses by itself, with the same random numbers as without a draft. So the text stays the
 * same.
 *
 * A guess that was drawn from probabilities q is right with the probability min(1, p / q), where p is the model's own. Otherwise the token is drawn
 * from max(0, p - q), scaled to add up to 1. So each token comes with the model's probability p (Leviathan et al., 2023, appendix A.1), but the
 * text is another one than without a draft.
 */
export function chooseWithGuess(
  logits: Float32Array,
  { id, probabilities }: Guess,
  options: SamplingOptions,
  random: Random,
  history: Iterable<number>,
): number {
  if (!probabilities || options.temperature === 0) return sampleToken(logits, options, random, history);
  const own = tokenProbabilities(logits, options, history);
  if (random.uniform() * probabilities[id]! < own[id]!) return id;
  const rest = own.map((p, i) => Math.max(0, p - probabilities[i]!));
  // Rounding may leave nothing where p and q are equal.
  return draw(rest.keys(), rest.some((p) => p > 0) ? rest : own, random);
}
