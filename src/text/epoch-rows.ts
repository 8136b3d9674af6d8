import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { isObject, type Json } from '../core/json.ts';
import { ensureCount } from '../core/kind.ts';
import { Random } from '../random/random.ts';
import { randomPermutation } from './permutation.ts';
import { ensureRandom, ensureWindow } from './random-rows.ts';
import type { RowPlan, Rows } from './rows.ts';
import type { TokenSource } from './token-source.ts';

/**
 * Passes through a text: in every pass, an epoch, each token except the first is predicted exactly once. Windows follow each other without overlap and
 * come in a random order. The first pass cuts the text at multiples of the window length, every later one at other places, so that over several
 * epochs tokens are seen with different contexts. The windows at the ends may be shorter.
 */
export class EpochRows implements Rows {
  readonly #source: TokenSource;
  readonly #windowLength: number;
  readonly #random: Random;
  #epoch = 0;
  #row = 0;
  #pass: Pass | undefined;

  /** Throws a TsgptError if `source` is too short for a window. `random` is the seed of the orders; it is not drawn from. */
  constructor(source: TokenSource, windowLength: number, random: Random) {
    ensureWindow('EpochRows', source, windowLength);
    ensureRandom('EpochRows', random);
    this.#source = source;
    this.#windowLength = windowLength;
    this.#random = random;
  }

  /** The number of rows in the first `epochs` passes. */
  rowsIn(epochs: number): number {
    ensureCount('epochs', epochs, 0);
    let rows = 0;
    for (let epoch = 0; epoch < epochs; epoch++) rows += this.#passOf(epoch).rows;
    return rows;
  }

  next(): RowPlan {
    let pass = this.#passOf(this.#epoch);
    if (this.#row === pass.rows) {
      [this.#epoch, this.#row] = [this.#epoch + 1, 0];
      pass = this.#passOf(this.#epoch);
    }
    const row = pass.orderOf(this.#row++);
    const start = 1 + Math.max(0, row * this.#windowLength - pass.cutBefore);
    const end = Math.min(this.#source.length, 1 + (row + 1) * this.#windowLength - pass.cutBefore);
    return [{ source: this.#source, start, count: end - start }];
  }

  #passOf(epoch: number): Pass {
    if (this.#pass?.epoch !== epoch) {
      const random = epochRandom(this.#random, epoch);
      const cutBefore = epoch === 0 ? 0 : random.integer(this.#windowLength);
      const rows = Math.ceil((this.#source.length - 1 + cutBefore) / this.#windowLength);
      this.#pass = { epoch, cutBefore, rows, orderOf: randomPermutation(rows, random) };
    }
    return this.#pass;
  }

  get state(): Json {
    return { epoch: this.#epoch, row: this.#row };
  }

  restore(state: Json): void {
    const [epoch, row] = placeOf(state, 'epoch', 'row');
    const { rows } = this.#passOf(epoch!);
    ensure(row! <= rows, () => `a pass through ${this.#source.name} has ${rows} rows, so there is no row ${row}`);
    [this.#epoch, this.#row] = [epoch!, row!];
  }
}

interface Pass {
  readonly epoch: number;
  /** By how much the first window is shorter than the others. */
  readonly cutBefore: number;
  readonly rows: number;
  readonly orderOf: (row: number) => number;
}

/** The random numbers of a pass: each pass has its own, so that the place in the stream is just the number of the pass and of the row. */
export function epochRandom(random: Random, epoch: number): Random {
  const own = new Random({ state: random.state });
  for (let i = 0; i < epoch; i++) own.child();
  return own.child();
}

/** The counts that a saved place consists of. Throws a TsgptError if one is missing. */
export function placeOf(state: Json | undefined, ...names: readonly string[]): number[] {
  const values = names.map((name) => (isObject(state) ? state[name] : undefined));
  ensure(
    values.every((value) => Number.isSafeInteger(value) && (value as number) >= 0),
    () => `the place in passes through a text must have ${names.join(', ')}, but is ${describeValue(state)}`,
  );
  return values as number[];
}
