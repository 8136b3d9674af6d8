import type { Capabilities } from '../../runtime/runtime.ts';
import type { StoredConstant } from '../stored-constant.ts';

/** Rewrites a program, or the ONNX model made from it. Returns a new one that computes the same. */
export type Pass<T> = (before: T, context: PassContext) => T;

/** What a pass may need besides the program or model. */
export interface PassContext {
  /** The capabilities of the engine that will run the model. */
  readonly capabilities: Capabilities;
  /** How each constant of the program is stored, by the number of its value. */
  readonly storage: ReadonlyMap<number, StoredConstant>;
  /** The names that the model's outputs must have; undefined if any names will do. */
  readonly outputNames?: readonly string[];
}
