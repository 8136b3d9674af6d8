import type { DType } from '../../core/dtype.ts';
import { isOpen } from '../../core/open-length.ts';
import { type Shape, sameShape } from '../../core/shape.ts';
import type { OnnxNode, OnnxTensor, OnnxType, OnnxValue } from '../../formats/onnx/model.ts';
import type { Capabilities } from '../../runtime/runtime.ts';
import { Initializers } from './initializers.ts';
import { OpenLengths } from './open-lengths.ts';
import { type EmitOptions, Operators } from './operators.ts';
import { Weights } from './weights.ts';

/**
 * One ONNX graph while it is written by lowerings. The methods add operators and constants and return the names of their results, which are the
 * operands of further operators.
 */
export class Emitter {
  /** The capabilities of the engine that will run the graph. */
  readonly capabilities: Capabilities;
  /** The constants that are weights of a model. */
  readonly weights: Weights;
  readonly #operators = new Operators();
  readonly #initializers = new Initializers();
  readonly #openLengths: OpenLengths;
  /** For each part of a split value: the value and all its parts. */
  readonly #splits = new Map<string, { whole: string; parts: readonly string[] }>();
  /** For each reshaped value: the value that it is a view of. */
  readonly #views = new Map<string, { name: string; shape: Shape }>();
  /** Names of reshaped values, by the viewed value and their shape. */
  readonly #reshaped = new Map<string, string>();

  /** `inputs` are the graph's inputs; their shapes show its open lengths. */
  constructor(inputs: readonly OnnxValue[], capabilities: Capabilities) {
    this.capabilities = capabilities;
    this.weights = new Weights(this.#operators, this.#initializers);
    this.#openLengths = new OpenLengths(this.#operators, this.#initializers, inputs);
  }

  get nodes(): readonly OnnxNode[] {
    return this.#operators.nodes;
  }

  get initializers(): readonly OnnxTensor[] {
    return this.#initializers.tensors;
  }

  /** What the names of the operators added from now on begin with. Defaults to nothing. */
  set namePrefix(prefix: string) {
    this.#operators.namePrefix = prefix;
  }

  /** Adds one operator with one output and returns the output's name. */
  emit(operator: string, inputs: readonly string[], options?: EmitOptions): string {
    return this.#operators.emit(operator, inputs, options);
  }

  /** Adds one operator with `outputCount` outputs and returns their names. */
  emitMany(operator: string, inputs: readonly string[], outputCount: number, options?: EmitOptions): string[] {
    return this.#operators.emitMany(operator, inputs, outputCount, options);
  }

  /** The value `input` as another type. */
  cast(input: string, type: OnnxType): string {
    return this.#operators.cast(input, type);
  }

  /** A scalar constant. */
  scalar(value: number, dtype: DType): string {
    return this.#initializers.fill([], value, dtype);
  }

  /** A constant array with the same value everywhere. It is stored in full, so it should be small. */
  fill(shape: Shape, value: number, dtype: DType): string {
    return this.#initializers.fill(shape, value, dtype);
  }

  /** The integers 0, 1, ... `length - 1`: int32 `[length]`. */
  range(length: number): string {
    return isOpen(length) ? this.#openLengths.range(length) : this.#initializers.range(length);
  }

  /** A list of integers, as ONNX operators take shapes, dimensions and bounds: int64 `[values.length]`. */
  integers(values: readonly number[]): string {
    return values.some(isOpen) ? this.#openLengths.integers(values) : this.#initializers.integers(values);
  }

  /** The value `input` of shape `from` under the shape `to`; views of views, and back, cost nothing. */
  reshape(input: string, from: Shape, to: Shape): string {
    const origin = this.#views.get(input) ?? { name: input, shape: from };
    if (sameShape(origin.shape, to)) return origin.name;
    const key = `${origin.name}[${to}]`;
    let name = this.#reshaped.get(key);
    if (name === undefined) {
      name = this.emit('Reshape', [origin.name, this.integers(to)], { attributes: { allowzero: 1 } });
      this.#reshaped.set(key, name);
      this.#views.set(name, origin);
    }
    return name;
  }

  /** A value cut along its last dimension into parts of the given numbers of columns. */
  split(whole: string, columns: readonly number[]): string[] {
    const parts = this.emitMany('Split', [whole, this.integers(columns)], columns.length, { attributes: { axis: -1 } });
    for (const part of parts) this.#splits.set(part, { whole, parts });
    return parts;
  }

  /** The value that was split into exactly these parts. */
  splitOf(parts: readonly string[]): string | undefined {
    const split = this.#splits.get(parts[0]!);
    return split && String(split.parts) === String(parts) ? split.whole : undefined;
  }
}
