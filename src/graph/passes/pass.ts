import type { Capabilities } from '../../runtime/runtime.ts';
import type { StoredConstant } from '../stored-constant.ts';

/** One rewriting of a program, or of the ONNX model made from it. It returns a new one that computes the same. */
export type Pass<T> = (before: T, context: PassContext) => T;

/** What a pass may want to know besides what it rewrites. */
export interface PassContext {
  /** What the engine can do that will run the model. */
  readonly capabilities: Capabilities;
  /** For each constant of the program, by the number of its value, how it is stored. */
  readonly storage: ReadonlyMap<number, StoredConstant>;
  /** The names that the model's outputs must have; undefined if any names will do. */
  readonly outputNames?: readonly string[];
}
