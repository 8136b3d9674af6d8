import { ensure } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { ensureCount, ensureIds } from '../core/kind.ts';
import { ensureSignal, knownOptions, type OptionNames } from '../core/options.ts';
import type { Random } from '../random/random.ts';
import { bestFit } from './best-fit.ts';
import { epochRandom, placeOf } from './epoch-rows.ts';
import { randomPermutation } from './permutation.ts';
import { ensureRandom } from './random-rows.ts';
import type { Piece, RowPlan, Rows } from './rows.ts';
import { ensureTokenSource, type TokenSource } from './token-source.ts';

export interface PackedRowsOptions {
  windowLength: number;
  /** The token that every document is read after. Defaults to none: a document's first token is then only read. */
  endOfTextId?: number | undefined;
  /** How many documents, neighbours in the source, are packed together. Defaults to 2^14. */
  groupSize?: number;
}

const packedRowsOptions: OptionNames<PackedRowsOptions> = { windowLength: true, endOfTextId: true, groupSize: true };

/** What packing makes of a source. */
export interface Packing {
  readonly documents: number;
  /** Documents that are longer than a window, so that they are cut. */
  readonly cutDocuments: number;
  readonly rows: number;
  /** The positions that predict a token, and those that are padding. */
  readonly predicted: number;
  readonly padding: number;
}

/**
 * Passes through documents, several packed into a row by best fit, so that none is cut that is not longer than a window. The rest of a row is
 * padding. Groups of documents, and the rows of each, come in a random order; every document comes once in a pass.
 */
export class PackedRows implements Rows {
  readonly #source: TokenSource;
  readonly #options: Required<Omit<PackedRowsOptions, 'endOfTextId'>> & Pick<PackedRowsOptions, 'endOfTextId'>;
  readonly #random: Random;
  #epoch = 0;
  #group = 0;
  #row = 0;
  #planned: { epoch: number; group: number; rows: readonly RowPlan[] } | undefined;

  /** Throws a TsgptError if `source` has no document to predict. `random` is the seed of the orders; it is not drawn from. */
  constructor(source: TokenSource, options: PackedRowsOptions, random: Random) {
    ensureTokenSource('PackedRows', source);
    ensureRandom('PackedRows', random);
    const { windowLength, groupSize = 2 ** 14, endOfTextId } = knownOptions('PackedRows', options, packedRowsOptions);
    for (const [name, value] of Object.entries({ windowLength, groupSize })) {
      ensureCount(name, value);
    }
    if (endOfTextId !== undefined) ensureCount('endOfTextId', endOfTextId, 0);
    const needed = endOfTextId === undefined ? source.documentCount + 1 : 1;
    ensure(source.length >= needed, () => `${source.name} has no document of two tokens; give a longer text`);
    this.#source = source;
    this.#options = { windowLength, groupSize, endOfTextId };
    this.#random = random;
  }

  get #groups(): number {
    return Math.ceil(this.#source.documentCount / this.#options.groupSize);
  }

  async next(): Promise<RowPlan> {
    let rows = await this.#rowsOf(this.#epoch, this.#group);
    while (this.#row === rows.length) {
      this.#row = 0;
      this.#group = (this.#group + 1) % this.#groups;
      if (this.#group === 0) this.#epoch++;
      rows = await this.#rowsOf(this.#epoch, this.#group);
    }
    return rows[this.#row++]!;
  }

  /** Packs everything once, to tell how well it fits. */
  async measure(signal?: AbortSignal): Promise<Packing> {
    ensureSignal('measure', signal);
    const { windowLength } = this.#options;
    let [cutDocuments, rows, predicted] = [0, 0, 0];
    for (let group = 0; group < this.#groups; group++) {
      signal?.throwIfAborted();
      const documents = await this.#documents(group);
      for (const { count } of documents) {
        predicted += count;
        if (count > windowLength) cutDocuments++;
      }
      rows += packed(documents, windowLength).length;
    }
    const padding = rows * windowLength - predicted;
    return { documents: this.#source.documentCount, cutDocuments, rows, predicted, padding };
  }

  /** The rows of the group that comes at this place in a pass, in their order. */
  async #rowsOf(epoch: number, place: number): Promise<readonly RowPlan[]> {
    const { epoch: plannedEpoch, group } = this.#planned ?? {};
    if (epoch !== plannedEpoch || place !== group) {
      const random = epochRandom(this.#random, epoch);
      const groupOf = randomPermutation(this.#groups, random);
      const rows = packed(await this.#documents(groupOf(place)), this.#options.windowLength);
      const rowOf = randomPermutation(rows.length, random.stream(place));
      this.#planned = { epoch, group: place, rows: rows.map((_, i) => rows[rowOf(i)]!) };
    }
    return this.#planned!.rows;
  }

  /** The documents of a group, each as one piece of any length. */
  async #documents(group: number): Promise<Piece[]> {
    const source = this.#source;
    const { groupSize, endOfTextId: lead } = this.#options;
    const first = group * groupSize;
    const count = Math.min(groupSize, source.documentCount - first);
    const isLast = first + count === source.documentCount;
    const known = await source.documentStarts(first, isLast ? count : count + 1);
    ensureIds('PackedRows', `the starts of the documents of ${source.name}`, known);
    const starts = [...known, ...(isLast ? [source.length] : [])];
    const unread = lead === undefined ? 1 : 0; // a first token that nothing comes before is only read
    return starts
      .slice(0, count)
      .map((start, i) => ({ source, start: start + unread, count: starts[i + 1]! - start - unread, lead }))
      .filter((piece) => piece.count > 0);
  }

  get state(): Json {
    return { epoch: this.#epoch, group: this.#group, row: this.#row };
  }

  restore(state: Json): void {
    const [epoch, group, row] = placeOf(state, 'epoch', 'group', 'row');
    ensure(
      group! < this.#groups,
      () => `${this.#source.name} has ${this.#groups} groups of documents, so there is no group ${group}`,
    );
    [this.#epoch, this.#group, this.#row] = [epoch!, group!, row!];
  }
}

/** Rows of documents; those longer than a window are cut into windows. */
function packed(documents: readonly Piece[], windowLength: number): RowPlan[] {
  const items = documents.flatMap((document) => {
    const pieces: { size: number; piece: Piece }[] = [];
    for (let done = 0; done < document.count; done += windowLength) {
      const { source, start, lead } = document;
      const size = Math.min(windowLength, document.count - done);
      const piece = { source, start: start + done, count: size, ...(done === 0 && lead !== undefined && { lead }) };
      pieces.push({ size, piece });
    }
    return pieces;
  });
  return bestFit(items, windowLength).map((bin) => bin.map(({ piece }) => piece));
}
