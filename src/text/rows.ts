import type { Json } from '../core/json.ts';
import { ensureKind } from '../core/kind.ts';
import type { TokenSource } from './token-source.ts';

/**
 * A run of tokens that a row of a batch predicts: `count` tokens of `source` from `start` on. The model reads the token before each: before the first
 * one `lead`, if given, or else the token before it in the source.
 */
export interface Piece {
  readonly source: TokenSource;
  readonly start: number;
  readonly count: number;
  /** For the beginning of a document: the token that every text begins with. */
  readonly lead?: number;
}

/** What a row of a batch is made of. What the pieces leave free of the row is padding. */
export type RowPlan = readonly Piece[];

/**
 * An endless stream of rows: the order in which tokens are learned. It only plans; {@link RowBatches} reads the tokens. Its position can be saved and
 * restored, as that of a `BatchStream`.
 */
export interface Rows {
  next(): RowPlan | Promise<RowPlan>;
  /** The position in the stream, as JSON. */
  readonly state: Json;
  /** Moves to a position. Throws a TsgptError if `state` is not a position of such a stream. */
  restore(state: Json): void;
}

/** Throws a TsgptError unless `rows` is a stream of rows. */
export function ensureRows(operation: string, rows: Rows): void {
  ensureKind(operation, 'a stream of rows, as new RandomRows(…)', rows, 'next', 'state', 'restore');
}
