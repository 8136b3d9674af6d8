import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { ensureCount, ensureKind } from '../core/kind.ts';
import type { Random } from '../random/random.ts';
import type { RowPlan, Rows } from './rows.ts';
import { ensureTokenSource, type TokenSource } from './token-source.ts';

/** Windows that begin at uniformly random positions, in a row each. */
export class RandomRows implements Rows {
  readonly #source: TokenSource;
  readonly #windowLength: number;
  readonly #random: Random;

  /** Throws a TsgptError if `source` is too short for a window. `random` draws the positions and belongs to the stream from now on. */
  constructor(source: TokenSource, windowLength: number, random: Random) {
    ensureWindow('RandomRows', source, windowLength);
    ensureRandom('RandomRows', random);
    this.#source = source;
    this.#windowLength = windowLength;
    this.#random = random;
  }

  next(): RowPlan {
    const start = 1 + this.#random.integer(this.#source.length - this.#windowLength);
    return [{ source: this.#source, start, count: this.#windowLength }];
  }

  get state(): Json {
    return [...this.#random.state];
  }

  restore(state: Json): void {
    restoreRandom(this.#random, state, 'random windows');
  }
}

/** Throws a TsgptError unless `source` holds a window and the token after it. */
export function ensureWindow(operation: string, source: TokenSource, windowLength: number): void {
  ensureTokenSource(operation, source);
  const { name, length } = source;
  ensureCount('windowLength', windowLength);
  ensure(
    length > windowLength,
    () =>
      `${name} has ${length} tokens, but a window length of ${windowLength} needs at least ${windowLength + 1}; ` +
      'give a longer text or a smaller window length',
  );
}

/** Throws a TsgptError unless `random` gives random numbers. */
export function ensureRandom(operation: string, random: Random): void {
  ensureKind(operation, 'a source of random numbers, as new Random(1)', random, 'integer', 'uniform', 'stream');
}

/** Moves `random` to a saved state. Throws a TsgptError if it is none; `what` says whose it should be. */
export function restoreRandom(random: Random, state: Json | undefined, what: string): void {
  ensure(
    Array.isArray(state) && state.length === 4 && state.every(Number.isSafeInteger),
    () => `the place of ${what} must be four whole numbers, but is ${describeValue(state)}`,
  );
  random.state = state as number[];
}
