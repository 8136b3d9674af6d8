import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { isObject, type Json } from '../core/json.ts';
import { ensureList } from '../core/kind.ts';
import type { Random } from '../random/random.ts';
import { ensureRandom, restoreRandom } from './random-rows.ts';
import { ensureRows, type RowPlan, type Rows } from './rows.ts';

/** A stream of rows, and how often it comes in a mixture. */
export interface MixturePart {
  rows: Rows;
  /** The share of rows, in proportion to the weights of the others. */
  weight: number;
}

/** A mixture: every row comes from one of several streams, chosen at random by their weights. */
export class MixedRows implements Rows {
  readonly #parts: readonly MixturePart[];
  /** The sums of the weights up to each part. */
  readonly #ends: readonly number[];
  readonly #total: number;
  readonly #random: Random;

  /** Throws a TsgptError if there is no part, or a weight is not a number above 0. `random` belongs to the stream from now on. */
  constructor(parts: readonly MixturePart[], random: Random) {
    ensureList('MixedRows', 'the parts', parts, 'rows', 'weight');
    ensureRandom('MixedRows', random);
    ensure(parts.length > 0, 'a mixture needs at least one part');
    for (const { rows, weight } of parts) {
      ensureRows('MixedRows', rows);
      ensure(
        Number.isFinite(weight) && weight > 0,
        () => `the weights of a mixture must be above 0, but one is ${describeValue(weight)}`,
      );
    }
    this.#parts = parts;
    let sum = 0;
    this.#ends = parts.map(({ weight }) => {
      sum += weight;
      return sum;
    });
    this.#total = sum;
    this.#random = random;
  }

  next(): RowPlan | Promise<RowPlan> {
    const place = this.#random.uniform() * this.#total;
    const chosen = this.#ends.findIndex((end) => place < end);
    return this.#parts[chosen]!.rows.next();
  }

  get state(): Json {
    return { random: this.#random.state, parts: this.#parts.map(({ rows }) => rows.state) };
  }

  restore(state: Json): void {
    const { random, parts } = isObject(state) ? (state as { random?: Json; parts?: Json }) : {};
    ensure(
      Array.isArray(parts) && parts.length === this.#parts.length,
      () => `the place in a mixture of ${this.#parts.length} must have as many parts, but is ${describeValue(state)}`,
    );
    restoreRandom(this.#random, random, 'a mixture');
    for (const [i, { rows }] of this.#parts.entries()) rows.restore(parts[i]!);
  }
}
