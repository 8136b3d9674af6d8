import { ensureIds, ensureNumber } from '../core/kind.ts';
import { knownOptions } from '../core/options.ts';
import type { Random } from '../random/random.ts';
import type { SamplingOptions } from './sampling.ts';

/** A guess of a token that may come next. */
export interface Guess {
  readonly id: number;
  /** The probabilities that the draft drew the token from, `[vocabSize]`. Without them the guess was not drawn, but found. */
  readonly probabilities?: Float64Array;
}

export interface GuessOptions {
  /** The most tokens to guess. */
  readonly most: number;
  /** How much longer a pass of the model takes for each token that it reads besides the first, as a share of a pass over one token. */
  readonly cost: number;
  /** How the model chooses its tokens; a draft that draws tokens draws them in the same way. */
  readonly sampling: SamplingOptions;
  /** For a draft that draws tokens. */
  readonly random: Random;
}

/**
 * Guesses the next tokens of a text, so that the model can check several in one pass, which takes little longer than a pass over one token
 * (speculative decoding: Leviathan et al., 2023). A wrong guess costs time; the model writes as well as without.
 */
export interface Draft {
  /** Guesses the tokens after `ids`; none where a guess would not pay. */
  guess(ids: readonly number[], options: GuessOptions): Promise<readonly Guess[]> | readonly Guess[];
  /** Is told how many of the last guesses were right: the first `accepted` of them. */
  learn(accepted: number): void;
}

/** Tokens after which a draft that guesses no longer tries one guess again. */
const pause = 64;

/** Watches how often guesses are right, and says how many are worth checking. */
export class AcceptanceRate {
  /** The share of right guesses; each new one counts for an eighth. */
  #rate = 0.7;
  #skipped = 0;

  learn(accepted: number, guessed: number): void {
    for (let i = 0; i < Math.min(accepted + 1, guessed); i++) {
      this.#rate += ((i < accepted ? 1 : 0) - this.#rate) / 8;
    }
  }

  /**
   * The number of guesses, at most `most`, that writes the most tokens in a time. A guess and its check take `cost` passes over one token. With the
   * rate r, a pass with k guesses is expected to write 1 + r + r² + … + r^k tokens.
   */
  worthwhile(cost: number, most: number): number {
    let best = 0;
    let fastest = 1;
    let expected = 1;
    for (let count = 1; count <= most; count++) {
      expected += this.#rate ** count;
      const speed = expected / (1 + count * cost);
      if (speed > fastest) [best, fastest] = [count, speed];
    }
    if (best > 0 || most === 0) return best;
    this.#skipped = (this.#skipped + 1) % pause;
    return this.#skipped === 0 ? 1 : 0;
  }
}

/** Throws a TsgptError unless `ids` are tokens and `options` say how to guess. */
export function checkGuessing(ids: readonly number[], options: GuessOptions): void {
  ensureIds('guess', 'the tokens of the text', ids);
  const { most, cost } = knownOptions('guess', options, { most: true, cost: true, sampling: true, random: true });
  ensureNumber('guess', 'most', most);
  ensureNumber('guess', 'cost', cost);
}
