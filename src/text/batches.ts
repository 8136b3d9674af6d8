import type { HostArray } from '../core/dtype.ts';
import type { Json } from '../core/json.ts';
import type { Shape } from '../core/shape.ts';

/** The elements of a tensor in row-major order, and its shape. */
export interface BatchArray {
  readonly data: HostArray;
  readonly shape: Shape;
}

/** What a model learns from in one pass: arrays by name, such as `tokens` and `targets`, and whatever else an objective needs. */
export type Batch<Names extends string = string> = Readonly<Record<Names, BatchArray>>;

/**
 * An endless stream of batches. Its place can be saved and restored: the batches after `restore(state)` are those that came after
 * `state` was read. All batches of a stream have the same names.
 */
export interface BatchStream<Names extends string = string> {
  next(): Batch<Names> | Promise<Batch<Names>>;
  /** The place in the stream, as JSON. */
  readonly state: Json;
  /** Goes to a place. Throws a TsgptError if `state` is not one of this stream. */
  restore(state: Json): void;
}
