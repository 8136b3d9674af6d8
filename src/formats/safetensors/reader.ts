/// <reference lib="esnext.disposable" preserve="true" />

import { ensure, TsgptError } from '../../core/errors.ts';
import type { FileRegion } from '../../core/file-region.ts';
import { ensureKind, ensureString } from '../../core/kind.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import { printable } from '../../core/printable.ts';
import { type ByteSource, bytesInMemory, bytesView, ensureByteSource, regionOf } from '../byte-source.ts';
import { widenBFloat16, widenFloat16 } from '../half-floats.ts';
import {
  headerLength,
  PREFIX_BYTES,
  parseSafetensorsHeader,
  SAFETENSORS_DTYPES,
  type SafetensorsDtype,
  type SafetensorsHeader,
  type SafetensorsTensorInfo,
} from './header.ts';

/** The array types of elements. */
export type SafetensorsArray =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** A tensor read from a file. */
export interface SafetensorsTensor {
  /** The element type in the file. `data` has the array type of the same name, but F16 and BF16 are read as float32, and BOOL as a Uint8Array of 0
   * and 1. */
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** The elements, row-major. */
  readonly data: SafetensorsArray;
}

export interface SafetensorsReadOptions {
  /** Whether 64-bit integers (I64, U64) become an Int32Array; one that does not fit is an error. Defaults to false. */
  readonly int32?: boolean;
}

const readOptions: OptionNames<SafetensorsReadOptions> = { int32: true };

const ARRAYS = {
  F64: Float64Array,
  F32: Float32Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U64: BigUint64Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

/**
 * An open safetensors file. Only the header has been read. Tensors are read on demand, straight into the returned array, so that memory holds each
 * tensor once.
 */
export class SafetensorsReader {
  readonly metadata: SafetensorsHeader['metadata'];
  /** Names, element types and shapes, in the order of the file. */
  readonly tensors: SafetensorsHeader['tensors'];
  readonly #source: ByteSource;

  private constructor(source: ByteSource, header: SafetensorsHeader) {
    this.#source = source;
    this.metadata = header.metadata;
    this.tensors = header.tensors;
  }

  /** Reads and checks the header; closes the source if that fails. Never allocates more than the size of the source. */
  static async open(source: ByteSource): Promise<SafetensorsReader> {
    ensureByteSource(source);
    try {
      const prefix = new Uint8Array(PREFIX_BYTES);
      await source.readInto(prefix.subarray(0, source.byteLength), 0);
      const header = new Uint8Array(headerLength(prefix, source.byteLength, source.name, source.remedy));
      await source.readInto(header, PREFIX_BYTES);
      return new SafetensorsReader(
        source,
        parseSafetensorsHeader(header, source.byteLength, source.name, source.remedy),
      );
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /**
   * Reads one tensor.
   *
   * @throws TsgptError if there is no such tensor, or with `int32` if a value does not fit
   */
  async read(name: string, options: SafetensorsReadOptions = {}): Promise<SafetensorsTensor> {
    const { int32 = false } = knownOptions('read', options, readOptions);
    const info = this.#info(name);
    const { dtype, shape, byteLength } = info;
    const length = byteLength / SAFETENSORS_DTYPES[dtype];
    if (dtype === 'F16' || dtype === 'BF16') {
      const data = new Float32Array(length);
      await this.#readHalf(info, data);
      return { dtype, shape, data };
    }
    const data = new ARRAYS[dtype](length);
    await this.#source.readInto(bytesView(data), info.offset);
    if (int32 && (data instanceof BigInt64Array || data instanceof BigUint64Array)) {
      return { dtype, shape, data: narrow(data, name, this.#source.name) };
    }
    return { dtype, shape, data };
  }

  /** Whether there is a tensor of that name. */
  has(name: string): boolean {
    return this.tensors.has(name);
  }

  /**
   * Reads one tensor of floats (F32, F16, BF16 or F64) as float32.
   *
   * @throws TsgptError if there is no such tensor or it does not hold floats
   */
  async readFloats(name: string): Promise<{ shape: readonly number[]; data: Float32Array }> {
    const { dtype, shape, byteLength } = this.#info(name);
    const data = new Float32Array(byteLength / SAFETENSORS_DTYPES[dtype]);
    await this.readInto(name, data);
    return { shape, data };
  }

  /**
   * Reads one tensor of floats (F32, F16, BF16 or F64) into an array that the caller already has.
   *
   * @param target has the tensor's number of elements, row-major; F64 is rounded to float32
   * @throws TsgptError if there is no such tensor, it does not hold floats, or its number of elements differs
   */
  async readInto(name: string, target: Float32Array): Promise<void> {
    ensureKind('readInto', 'a Float32Array to read into', target, 'length', 'subarray');
    const info = this.#info(name);
    const { dtype, shape, byteLength } = info;
    const length = byteLength / SAFETENSORS_DTYPES[dtype];
    ensure(
      target.length === length,
      `tensor ${name} in ${this.#source.name} has ${length} elements, shape [${shape.join(', ')}], but ${target.length} are expected; check that the file fits the model's configuration`,
    );
    if (dtype === 'F32') await this.#source.readInto(bytesView(target), info.offset);
    else if (dtype === 'F16' || dtype === 'BF16') await this.#readHalf(info, target);
    else if (dtype === 'F64') target.set((await this.read(name)).data as Float64Array);
    else {
      throw new TsgptError(
        `tensor ${name} in ${this.#source.name} holds ${dtype}, but floats are expected; check that it is the right file`,
      );
    }
  }

  /** The file of a tensor's bytes and their position. Throws a TsgptError if they are in memory. */
  regionOf(name: string): FileRegion {
    const { offset, byteLength } = this.#info(name);
    return regionOf(this.#source, offset, byteLength);
  }

  async close(): Promise<void> {
    await this.#source.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #info(name: string): SafetensorsTensorInfo {
    ensureString('read', 'the name of a tensor', name);
    const info = this.tensors.get(name);
    if (info) return info;
    const some = [...this.tensors.keys()].slice(0, 3).map(printable).join(', ');
    throw new TsgptError(
      `${this.#source.name} has no tensor ${name}; it has ${this.tensors.size}${some && `, such as ${some}`}`,
    );
  }

  /** Reads the 16-bit patterns into the second half of the target and widens them in place. */
  async #readHalf({ dtype, offset }: SafetensorsTensorInfo, target: Float32Array): Promise<void> {
    const bits = new Uint16Array(target.buffer, target.byteOffset + 2 * target.length, target.length);
    await this.#source.readInto(bytesView(bits), offset);
    if (dtype === 'F16') widenFloat16(bits, target);
    else widenBFloat16(bits, target);
  }
}

/** Opens a safetensors file that is already in memory, for example fetched by a browser. `name` is for error messages. */
export async function openSafetensorsBytes(
  bytes: Uint8Array,
  name = 'the safetensors data',
): Promise<SafetensorsReader> {
  return SafetensorsReader.open(bytesInMemory(bytes, name));
}

function narrow(data: BigInt64Array | BigUint64Array, name: string, file: string): Int32Array {
  const narrowed = new Int32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    narrowed[i] = Number(data[i]);
    ensure(
      BigInt(narrowed[i]!) === data[i],
      () => `tensor ${name} in ${file} has the value ${data[i]}, which does not fit in 32 bits; read it as 64-bit`,
    );
  }
  return narrowed;
}
