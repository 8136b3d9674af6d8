import { allocate, type DType } from '../../core/dtype.ts';
import { ensure } from '../../core/errors.ts';
import { isOpen } from '../../core/open-length.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import type { OnnxTensor, OnnxType } from '../../formats/onnx/model.ts';

/** The constants of one ONNX graph, which ONNX calls `initializers`. Equal numbers are stored once. */
export class Initializers {
  readonly #tensors = new Map<string, OnnxTensor>();

  /** All of them, in the order in which they were added. */
  get tensors(): OnnxTensor[] {
    return [...this.#tensors.values()];
  }

  /** Adds a tensor under a new name, or replaces the one of that name. */
  add(tensor: OnnxTensor): void {
    this.#tensors.set(tensor.name, tensor);
  }

  /** The tensor of a name that {@link add} was given. */
  get(name: string): OnnxTensor | undefined {
    return this.#tensors.get(name);
  }

  /** An array with the same value everywhere. It is stored in full, so it should be small. */
  fill(shape: Shape, value: number, dtype: DType): string {
    const printed = Object.is(value, -0) ? '-0' : value;
    return this.#numbers(`${dtype}[${shape}]=${printed}`, dtype, shape, () =>
      allocate(dtype, sizeOf(shape)).fill(value),
    );
  }

  /** The integers 0, 1, ... `length - 1`: int32 `[length]`. */
  range(length: number): string {
    return this.#numbers(`range ${length}`, 'int32', [length], () => Int32Array.from({ length }, (_, i) => i));
  }

  /** A list of integers, as ONNX operators take shapes, dimensions and bounds: int64 `[values.length]`. */
  integers(values: readonly number[]): string {
    return this.#numbers(`int64 ${values}`, 'int64', [values.length], () => BigInt64Array.from(values, BigInt));
  }

  /** `key` is the same for equal numbers. */
  #numbers(key: string, type: OnnxType, shape: Shape, make: () => ArrayBufferView): string {
    ensure(!shape.some(isOpen), `a constant cannot have a length that is only known when the graph runs: ${key}`);
    let tensor = this.#tensors.get(key);
    if (!tensor) {
      tensor = { name: `c${this.#tensors.size}`, type, shape, data: bytesOf(make()) };
      this.#tensors.set(key, tensor);
    }
    return tensor.name;
  }
}

/** The bytes of an array, without a copy. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
