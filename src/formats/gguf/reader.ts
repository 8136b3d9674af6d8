/// <reference lib="esnext.disposable" preserve="true" />

import { ensure, TsgptError } from '../../core/errors.ts';
import type { FileRegion } from '../../core/file-region.ts';
import { ensureKind, ensureString } from '../../core/kind.ts';
import { printable } from '../../core/printable.ts';
import { formatShape, type Shape, sizeOf } from '../../core/shape.ts';
import { type ByteSource, bytesInMemory, bytesView, ensureByteSource, regionOf } from '../byte-source.ts';
import { MAX_HEADER_BYTES, NeedsMoreBytes } from './bytes.ts';
import { type GgufHeader, type GgufTensorInfo, parseGgufHeader } from './header.ts';
import type { GgufMetadata } from './metadata.ts';
import { GGML_TYPES, READABLE_TYPES } from './tensor-types.ts';

/** The number of bytes read first; most headers fit in them. */
const FIRST_READ_BYTES = 1 << 20;

/** The approximate number of bytes of quantized blocks in memory at a time. */
const CHUNK_BYTES = 1 << 20;

/**
 * An open GGUF file. Only the header has been read. Tensors are read on demand, in pieces, so that memory holds little more than the returned
 * numbers.
 */
export class GgufReader {
  /** The file's name, for error messages. */
  readonly name: string;
  readonly version: number;
  readonly metadata: GgufMetadata;
  /** Names, types and shapes, in the order of the file. */
  readonly tensors: ReadonlyMap<string, GgufTensorInfo>;
  readonly #source: ByteSource;

  private constructor(source: ByteSource, header: GgufHeader) {
    this.#source = source;
    this.name = source.name;
    this.version = header.version;
    this.metadata = header.metadata;
    this.tensors = header.tensors;
  }

  /** Reads and checks the header; closes the source if that fails. Never allocates more than the size of the source. */
  static async open(source: ByteSource): Promise<GgufReader> {
    ensureByteSource(source);
    try {
      return new GgufReader(source, await readHeader(source));
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /** Whether there is a tensor of that name. */
  has(name: string): boolean {
    return this.tensors.has(name);
  }

  /**
   * Reads one tensor as float32, row-major.
   *
   * @throws TsgptError if there is no such tensor or its type is neither F32, F16 nor BF16, nor one of Q8_0, Q5_1, Q5_0, Q4_1, Q4_0 and Q2_K
   * to Q6_K
   */
  async readFloats(name: string): Promise<{ shape: Shape; data: Float32Array }> {
    const info = this.#info(name);
    this.#checkType(name, info);
    const data = this.#allocate(name, 4 * sizeOf(info.shape), (bytes) => new Float32Array(bytes / 4));
    await this.#fill(info, data);
    return { shape: info.shape, data };
  }

  /**
   * Reads one tensor as float32 into an array that the caller already has.
   *
   * @param target has the tensor's number of elements, row-major
   * @throws TsgptError like {@link readFloats}, or if the number of elements differs
   */
  async readInto(name: string, target: Float32Array): Promise<void> {
    ensureKind('readInto', 'a Float32Array to read into', target, 'length', 'subarray');
    const info = this.#info(name);
    this.#checkType(name, info);
    const { shape } = info;
    ensure(
      target.length === sizeOf(shape),
      `tensor ${printable(name)} in ${this.name} has ${sizeOf(shape)} elements, shape ${formatShape(shape)}, but ${target.length} are expected; check that the file fits the model's configuration`,
    );
    await this.#fill(info, target);
  }

  /** The tensor's bytes as stored in the file, whatever its type. */
  async readRaw(name: string): Promise<Uint8Array> {
    const { byteLength, offset } = this.#info(name);
    const bytes = this.#allocate(name, byteLength, (length) => new Uint8Array(length));
    await this.#source.readInto(bytes, offset);
    return bytes;
  }

  /** Where the file has the bytes of {@link readRaw}, for others to map into memory. */
  regionOf(name: string): FileRegion {
    const { byteLength, offset } = this.#info(name);
    return regionOf(this.#source, offset, byteLength);
  }

  async close(): Promise<void> {
    await this.#source.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #info(name: string): GgufTensorInfo {
    ensureString('read', 'the name of a tensor', name);
    const info = this.tensors.get(name);
    if (info) return info;
    const some = [...this.tensors.keys()].slice(0, 3).map(printable).join(', ');
    throw new TsgptError(
      `${this.name} has no tensor ${printable(name)}; it has ${this.tensors.size}${some && `, such as ${some}`}`,
    );
  }

  #checkType(name: string, { type }: GgufTensorInfo): void {
    ensure(
      READABLE_TYPES.includes(type),
      `tensor ${printable(name)} in ${this.name} has the type ${type}, whose numbers cannot be read; get the model in one of ${READABLE_TYPES.join(', ')}`,
    );
  }

  async #fill({ type, offset, byteLength }: GgufTensorInfo, target: Float32Array): Promise<void> {
    const { blockElements, blockBytes, dequantize } = GGML_TYPES[type];
    if (!dequantize) return this.#source.readInto(bytesView(target), offset);
    const chunk = new Uint8Array(Math.min(Math.floor(CHUNK_BYTES / blockBytes) * blockBytes, byteLength));
    for (let at = 0; at < byteLength; at += chunk.length) {
      const blocks = chunk.subarray(0, byteLength - at);
      await this.#source.readInto(blocks, offset + at);
      const element = (at / blockBytes) * blockElements;
      dequantize(blocks, target.subarray(element, element + (blocks.length / blockBytes) * blockElements));
    }
  }

  #allocate<T>(name: string, bytes: number, make: (bytes: number) => T): T {
    try {
      return make(bytes);
    } catch (cause) {
      throw new TsgptError(
        `tensor ${printable(name)} in ${this.name} needs ${bytes} bytes of memory, more than can be allocated; use a smaller model`,
        { cause },
      );
    }
  }
}

/** Parses the header from the file's first bytes, and reads more bytes until the header is complete. */
async function readHeader(source: ByteSource): Promise<GgufHeader> {
  for (let length = FIRST_READ_BYTES; ; ) {
    const bytes = new Uint8Array(Math.min(length, source.byteLength, MAX_HEADER_BYTES));
    await source.readInto(bytes, 0);
    try {
      return parseGgufHeader(bytes, source.byteLength, source.name);
    } catch (error) {
      if (!(error instanceof NeedsMoreBytes)) throw error;
      length = Math.max(error.end, 2 * length);
    }
  }
}

/** Opens a GGUF file that is already in memory, for example fetched by a browser. `name` is for error messages. */
export async function openGgufBytes(bytes: Uint8Array, name = 'the GGUF data'): Promise<GgufReader> {
  return GgufReader.open(bytesInMemory(bytes, name));
}
