import type { DType } from '../dtype.ts';
import { allocate } from '../dtype.ts';
import type { OnnxAttribute, OnnxNode, OnnxTensor, OnnxType } from '../runtime/onnx.ts';
import { type Shape, sameShape } from '../shape.ts';

export interface EmitOptions {
  attributes?: Record<string, OnnxAttribute>;
  /** Attributes that ONNX wants as floating-point numbers. */
  floats?: Record<string, number>;
}

/** Collects the operators and constants of one ONNX graph; what a lowering rule writes to. */
export class Emitter {
  readonly nodes: OnnxNode[] = [];
  readonly #constants = new Map<string, OnnxTensor>();
  /** For each reshaped value, what it is a view of. */
  readonly #views = new Map<string, { name: string; shape: Shape }>();
  readonly #reshaped = new Map<string, string>();
  #valueCount = 0;

  get initializers(): OnnxTensor[] {
    return [...this.#constants.values()];
  }

  /** Adds one operator with one output and returns the output's name. */
  emit(operator: string, inputs: readonly string[], options: EmitOptions = {}): string {
    return this.emitMany(operator, inputs, 1, options)[0]!;
  }

  /** Adds one operator with `outputCount` outputs and returns their names. */
  emitMany(operator: string, inputs: readonly string[], outputCount: number, options: EmitOptions = {}): string[] {
    const outputs = Array.from({ length: outputCount }, () => `v${this.#valueCount++}`);
    const { attributes = {}, floats = {} } = options;
    this.nodes.push({ operator, inputs, outputs, attributes, floats });
    return outputs;
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

  /** A scalar constant. */
  scalar(value: number, dtype: DType): string {
    return this.fill([], value, dtype);
  }

  /** A constant array with the same value everywhere; keep it small, it is stored in full. */
  fill(shape: Shape, value: number, dtype: DType): string {
    const length = shape.reduce((product, dim) => product * dim, 1);
    return this.#constant(`${dtype}[${shape}]=${Object.is(value, -0) ? '-0' : value}`, dtype, shape, () =>
      allocate(dtype, length).fill(value),
    );
  }

  /** The integers 0, 1, ... `length - 1` as an int32 constant. */
  range(length: number): string {
    return this.#constant(`range ${length}`, 'int32', [length], () => Int32Array.from({ length }, (_, i) => i));
  }

  /** A list of integers, as ONNX operators take shapes, dimensions and bounds: int64 `[values.length]`. */
  integers(values: readonly number[]): string {
    return this.#constant(`int64 ${values}`, 'int64', [values.length], () => BigInt64Array.from(values, BigInt));
  }

  /** Equal constants are stored once. */
  #constant(key: string, type: OnnxType, shape: Shape, make: () => ArrayBufferView): string {
    let tensor = this.#constants.get(key);
    if (!tensor) {
      const array = make();
      const data = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
      tensor = { name: `c${this.#constants.size}`, type, shape, data };
      this.#constants.set(key, tensor);
    }
    return tensor.name;
  }
}
