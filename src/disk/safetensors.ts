/**
 * Safetensors files on disk: the format of weights on the Hugging Face Hub, and of our own checkpoints.
 *
 * In a browser, where there is no disk, `safetensors-reader.ts` reads the same format from memory.
 */
import { ensure } from '../core/errors.ts';
import { bytesView } from '../formats/byte-source.ts';
import { bytesOf, formatHeader, SAFETENSORS_DTYPES, type SafetensorsDtype } from '../formats/safetensors/header.ts';
import { SafetensorsReader, type TensorData } from '../formats/safetensors/reader.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { openFile } from './open-file.ts';

export type { SafetensorsDtype, TensorEntry } from '../formats/safetensors/header.ts';
export type { LoadedTensor, ReadOptions, SafetensorsReader, TensorData } from '../formats/safetensors/reader.ts';

/** One tensor to write. */
export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  /** The elements, row-major; a view of a larger buffer is fine. */
  readonly data: TensorData;
  /**
   * The element type in the file, by default the one that has the name of `data`'s array type. Give it where one array type
   * serves several: `BOOL` for a Uint8Array of 0 and 1, `F16` and `BF16` for a Uint16Array of bit patterns.
   */
  readonly dtype?: SafetensorsDtype;
}

/** One tensor to write whose elements are made when their turn comes, so that not all need to be in memory at once. */
export interface TensorToMake {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: SafetensorsDtype;
  /** The elements, row-major. What it throws is passed on, and no file is left behind. */
  readonly make: () => TensorData;
}

/** Bytes handed to the operating system at a time; a multiple of every element's size. */
const CHUNK_BYTES = 1 << 24;

/**
 * Opens a safetensors file and checks its header completely; the tensors are read when asked for.
 *
 * Close it when done (`await using reader = await openSafetensors(path)` does).
 *
 * @throws TsgptError if there is no such file, or it is truncated, damaged or of another format
 */
export async function openSafetensors(path: string): Promise<SafetensorsReader> {
  return SafetensorsReader.open(await openFile(path, 'a safetensors file'));
}

/**
 * Writes a safetensors file, completely or not at all (see {@link writeFileAtomic}).
 *
 * The bytes go to the disk straight from the arrays' memory, so the arrays must not change before the promise resolves.
 * Tensors are stored with the widest element types first, as the reference implementation does, so that every tensor is
 * aligned to its element size and can be memory-mapped.
 *
 * @param metadata free text about the file, for example the training step
 * @throws TsgptError if a name appears twice, data and shape disagree, or the file cannot be written
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<TensorToWrite | TensorToMake>,
  metadata?: Record<string, string>,
): Promise<void> {
  const names = new Set<string>(['__metadata__']);
  const described = Array.from(tensors, (tensor) => {
    const described = 'make' in tensor ? tensor : toMake(tensor);
    ensure(!names.has(tensor.name), `Cannot write ${path}: the tensor name ${tensor.name} is reserved or used twice.`);
    names.add(tensor.name);
    return described;
  });
  for (const [key, value] of Object.entries(metadata ?? {})) {
    ensure(typeof value === 'string', `Cannot write ${path}: the metadata ${key} must be a string.`);
  }
  described.sort((a, b) => SAFETENSORS_DTYPES[b.dtype] - SAFETENSORS_DTYPES[a.dtype]);

  function* chunks(): Generator<Uint8Array> {
    yield formatHeader(described, metadata);
    for (const tensor of described) {
      const data = tensor.make();
      check(tensor, data);
      const bytes = bytesView(data);
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
    }
  }
  await writeFileAtomic(path, chunks());
}

function toMake({ name, shape, data, dtype = dtypeOf(data) }: TensorToWrite): TensorToMake {
  check({ name, shape, dtype }, data);
  return { name, shape, dtype, make: () => data };
}

function check({ name, shape, dtype }: Omit<TensorToMake, 'make'>, data: TensorData): void {
  ensure(
    data.BYTES_PER_ELEMENT === SAFETENSORS_DTYPES[dtype],
    `Tensor ${name} cannot be written as ${dtype}: that has ${SAFETENSORS_DTYPES[dtype]} bytes per element, its array ${data.BYTES_PER_ELEMENT}.`,
  );
  ensure(
    shape.every((size) => Number.isSafeInteger(size) && size >= 0) && bytesOf(dtype, shape) === data.byteLength,
    `Tensor ${name} cannot be written: the shape [${shape.join(', ')}] does not fit its ${data.length} elements.`,
  );
}

function dtypeOf(data: TensorData): SafetensorsDtype {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Int32Array) return 'I32';
  if (data instanceof BigInt64Array) return 'I64';
  if (data instanceof Int16Array) return 'I16';
  if (data instanceof Int8Array) return 'I8';
  if (data instanceof BigUint64Array) return 'U64';
  if (data instanceof Uint32Array) return 'U32';
  if (data instanceof Uint16Array) return 'U16';
  return 'U8';
}
