import type { HostArray } from '../core/dtype.ts';
import type { Json } from '../core/json.ts';
import type { Shape } from '../core/shape.ts';

/** The elements of a tensor in row-major order, and its shape. */
export interface BatchArray {
  readonly data: HostArray;
  readonly shape: Shape;
}

/** The data of one training pass: arrays by name, such as `tokens` and `targets`. */
export type Batch<Names extends string = string> = Readonly<Record<Names, BatchArray>>;

/**
 * An endless stream of batches. Its position can be saved and restored: after `restore(state)` come the batches that followed when `state` was
 * read. All batches of a stream have the same names.
 */
export interface BatchStream<Names extends string = string> {
  next(): Batch<Names> | Promise<Batch<Names>>;
  /** The position in the stream, as JSON. */
  readonly state: Json;
  /** Moves to a position. Throws a TsgptError if `state` is not a position of such a stream. */
  restore(state: Json): void;
}
