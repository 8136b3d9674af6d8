import { ensure } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { ensureCount } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import type { Batch, BatchStream } from './batches.ts';
import { ensureRows, type RowPlan, type Rows } from './rows.ts';

/** The target of a position that predicts nothing; `crossEntropy` leaves it out. */
export const ignoredTarget = -100;

export interface RowBatchesOptions {
  /** The number of rows in a batch. */
  batchSize: number;
  /** The number of positions in a row. */
  windowLength: number;
  /** The token that begins a new document where a position reads it, and that fills padding. Defaults to none; padding is then token 0. */
  endOfTextId?: number | undefined;
  /** Whether batches have the array `documentStarts`, with which attention keeps documents apart. Defaults to false. */
  documentStarts?: boolean;
  /** The number of batches that are read before they are asked for. Whatever it is, the batches are the same. Defaults to 0. */
  readAhead?: number;
}

const rowBatchesOptions: OptionNames<RowBatchesOptions> = {
  ...{ batchSize: true, windowLength: true, endOfTextId: true, documentStarts: true, readAhead: true },
};

/**
 * Batches of planned rows. `tokens` and `targets` are int32 `[batch, time]`; a target that does not count is -100. On request there is also
 * `documentStarts`, int32 `[batch, time]`: where in the row the document begins that a position belongs to.
 */
export class RowBatches implements BatchStream<string> {
  readonly #rows: Rows;
  readonly #options: Required<Omit<RowBatchesOptions, 'endOfTextId'>> & Pick<RowBatchesOptions, 'endOfTextId'>;
  /** The batches that are being read, each with the place in the stream after it. */
  #ahead: { batch: Promise<Batch>; state: Promise<Json> }[] = [];
  /** Settles when the last batch has been planned. Rows are planned one after the other, and read at the same time. */
  #planning: Promise<unknown> = Promise.resolve();
  #state: Json;

  /** `rows` belongs to this stream from now on. */
  constructor(rows: Rows, options: RowBatchesOptions) {
    const { readAhead = 0, documentStarts = false, ...others } = knownOptions('RowBatches', options, rowBatchesOptions);
    const { batchSize, windowLength } = others;
    ensureRows('RowBatches', rows);
    ensureCount('batchSize', batchSize);
    ensureCount('windowLength', windowLength);
    ensureCount('readAhead', readAhead, 0);
    if (others.endOfTextId !== undefined) ensureCount('endOfTextId', others.endOfTextId, 0);
    this.#rows = rows;
    this.#options = { ...others, readAhead, documentStarts };
    this.#state = rows.state;
  }

  async next(): Promise<Batch> {
    while (this.#ahead.length <= this.#options.readAhead) this.#ahead.push(this.#readNext());
    const { batch, state } = this.#ahead.shift()!;
    const result = await batch;
    this.#state = await state;
    return result;
  }

  #readNext() {
    const planned = this.#planning.then(async () => {
      const size = this.#options.batchSize * this.#options.windowLength;
      // Before the plans, which would fill the memory slowly, where there is no room for a batch.
      const room = { tokens: new Int32Array(size), targets: new Int32Array(size) };
      const plans: RowPlan[] = [];
      while (plans.length < this.#options.batchSize) plans.push(await this.#rows.next());
      return { plans, room, state: this.#rows.state };
    });
    this.#planning = planned;
    const batch = planned.then(({ plans, room }) => this.#read(plans, room));
    const state = planned.then(({ state }) => state);
    // Whoever asks for the batch gets the error; nobody may ask.
    for (const promise of [batch, state, planned]) promise.catch(() => {});
    return { batch, state };
  }

  async #read(
    plans: readonly RowPlan[],
    { tokens, targets }: Record<'tokens' | 'targets', Int32Array>,
  ): Promise<Batch> {
    const { windowLength: time, endOfTextId, documentStarts } = this.#options;
    tokens.fill(endOfTextId ?? 0);
    targets.fill(ignoredTarget);
    const starts = new Int32Array(documentStarts ? plans.length * time : 0);
    await Promise.all(
      plans.flatMap((pieces, row) => {
        let from = 0; // the position in the row
        return pieces.map(async ({ source, start, count, lead }) => {
          const [first, place] = [from, row * time + from];
          from += count;
          ensure(from <= time, () => `a row of ${time} positions cannot hold ${from}`);
          const read = await source.read(
            lead === undefined ? start - 1 : start,
            lead === undefined ? count + 1 : count,
          );
          targets.set(lead === undefined ? read.subarray(1) : read, place);
          tokens.set(read.subarray(0, lead === undefined ? count : count - 1), place + (lead === undefined ? 0 : 1));
          if (lead !== undefined) tokens[place] = lead;
          if (!documentStarts) return;
          let begin = first;
          for (let i = 0; i < count; i++) {
            if (tokens[place + i] === endOfTextId) begin = first + i;
            starts[place + i] = begin;
          }
        });
      }),
    );
    const shape = [plans.length, time];
    const array = (data: Int32Array) => ({ data, shape });
    const batch = { tokens: array(tokens), targets: array(targets) };
    return documentStarts ? { ...batch, documentStarts: array(this.#padStarts(starts, plans)) } : batch;
  }

  /** Padding is a document of its own. */
  #padStarts(starts: Int32Array, plans: readonly RowPlan[]): Int32Array {
    const time = this.#options.windowLength;
    for (const [row, pieces] of plans.entries()) {
      const used = pieces.reduce((sum, { count }) => sum + count, 0);
      starts.fill(used, row * time + used, (row + 1) * time);
    }
    return starts;
  }

  /** The place after the last batch that was given out, whatever has been read ahead. */
  get state(): Json {
    return this.#state;
  }

  restore(state: Json): void {
    const isIdle = this.#ahead.length === 0;
    this.#ahead = [];
    if (isIdle) this.#rows.restore(state);
    // What is being planned must end first.
    else this.#planning = this.#planning.catch(() => {}).then(() => this.#rows.restore(state));
    this.#state = state;
  }
}
