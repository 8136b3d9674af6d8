import { describeValue } from '../core/describe-value.ts';
import type { DType, HostArray } from '../core/dtype.ts';
import { ensure } from '../core/errors.ts';
import { formatShape, type Shape, sizeOf } from '../core/shape.ts';
import { evaluate, type GraphValue } from '../graph/index.ts';
import { formatTensor, type NestedArray, nest } from './format.ts';
import type { TensorNode, TensorType } from './primitive.ts';

/**
 * An array of known shape and type whose elements are computed on demand: a {@link Tensor} without its operations. Only {@link data} and the
 * methods that use it compute; the result is kept.
 */
export abstract class LazyArray implements GraphValue {
  readonly node: TensorNode;
  readonly index: number;
  readonly shape: Shape;
  readonly dtype: DType;
  name?: string;
  cached?: HostArray;

  constructor(node: TensorNode, index: number, { shape, dtype }: TensorType, name?: string) {
    this.node = node;
    this.index = index;
    this.shape = shape;
    this.dtype = dtype;
    if (name !== undefined) this.name = name;
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Gives the tensor a name for error messages, printing and `observe`. */
  named(name: string): this {
    this.name = name;
    return this;
  }

  /** A description for error messages: the name, if there is one, and the shape. */
  describe(): string {
    return `${this.name ?? 'a tensor'} ${formatShape(this.shape)}`;
  }

  // ---- Reading the elements.

  /** The elements in row-major order: a Float32Array, Int32Array or, for bool, Uint8Array. The caller must not change them. */
  async data(): Promise<HostArray> {
    await compute([this]);
    return this.node.feed ? this.node.feed([]) : this.cached!;
  }

  /** The elements of a float32 tensor in row-major order, as {@link data}. Throws for other types: convert with `.to('float32')`. */
  async floats(): Promise<Float32Array> {
    this.#ensureType('floats', 'float32');
    return (await this.data()) as Float32Array;
  }

  /** The elements of an int32 tensor in row-major order, as {@link data}. Throws for other types: convert with `.to('int32')`. */
  async ints(): Promise<Int32Array> {
    this.#ensureType('ints', 'int32');
    return (await this.data()) as Int32Array;
  }

  /**
   * The elements as nested arrays, one level for each dimension; for a scalar, the number itself. The caller states the type, as in
   * `await matrix.array<number[][]>()`. Defaults to {@link NestedArray}, which is any of them.
   */
  async array<T extends NestedArray = NestedArray>(): Promise<T> {
    return nest(await this.data(), this.shape, this.dtype) as T;
  }

  /** The value of a tensor with one element. Throws if there are more, or none. */
  async item(): Promise<number> {
    ensure(this.size === 1, () => `item: ${this.describe()} has ${this.size} elements, but item() wants exactly one`);
    return (await this.data())[0]!;
  }

  // ---- Looking at it.

  /** Computes the elements and returns them as text in PyTorch's layout, with name, shape and type. */
  async print(): Promise<string> {
    return formatTensor(this, await this.data());
  }

  /** Like {@link print}, but computes nothing: unknown elements show as `...`. */
  toString(): string {
    return formatTensor(this, this.known);
  }

  /** What `JSON.stringify` writes: name, shape and type, without the elements. */
  toJSON(): { name: string | undefined; shape: Shape; dtype: DType } {
    return { name: this.name, shape: this.shape, dtype: this.dtype };
  }

  /** What `console.log` shows in Node: {@link toString}. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** The elements, if they were given or have been computed. */
  protected get known(): HostArray | undefined {
    return this.cached ?? this.node.given;
  }

  #ensureType(method: string, dtype: DType): void {
    ensure(
      this.dtype === dtype,
      () => `${method}: ${this.describe()} is ${this.dtype}, but must be ${dtype}; convert it with .to('${dtype}')`,
    );
  }
}

/** Computes several tensors in one run and keeps their elements. Shared parts are computed once. */
export async function compute(tensors: readonly LazyArray[]): Promise<void> {
  ensure(
    Array.isArray(tensors) && tensors.every((tensor) => tensor instanceof LazyArray),
    () => `compute: give tensors as an array, as in compute([a, b]), but not ${describeValue(tensors)}`,
  );
  const missing = tensors.filter((tensor) => !tensor.cached && !tensor.node.feed);
  if (missing.length === 0) return;
  const results = await evaluate(missing);
  missing.forEach((tensor, i) => {
    tensor.cached = results[i]!;
  });
}
