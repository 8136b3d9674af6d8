import { closeSync, openSync, readSync } from 'node:fs';
import { ensure, TsgptError } from '../../core/errors.ts';
import type { FileRegion } from '../../core/file-region.ts';
import { widenBFloat16, widenFloat16 } from '../../formats/half-floats.ts';
import type { OnnxTensor } from '../../formats/onnx/model.ts';

/** A tensor whose elements are in a file. */
export type FileTensor = OnnxTensor & { readonly data: FileRegion };

/** A matrix in a file: floating-point numbers, or integers of 4 or 8 bits with a scale for every block of neighbours in a row. */
export interface StoredTable {
  readonly numbers: FileTensor;
  /** The scales are float32 `[rows, blocks in a row]`. */
  readonly blocks?: { readonly bits: 4 | 8; readonly scales: FileTensor };
}

/** The numbers in a row of a table. */
export function widthOf({ numbers, blocks }: StoredTable): number {
  return blocks ? (numbers.shape[1]! * 8) / blocks.bits : numbers.shape[1]!;
}

/** Reads rows of tables in files. The files stay open, so that it does not matter if others take their place. */
export class RowReader {
  /** The open files, by their paths. */
  readonly #files = new Map<string, number>();

  /** @throws TsgptError if a file cannot be opened */
  constructor(tables: readonly StoredTable[]) {
    try {
      for (const { numbers, blocks } of tables) {
        this.#open(numbers.data.path);
        if (blocks) this.#open(blocks.scales.data.path);
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #open(path: string): void {
    if (this.#files.has(path)) return;
    try {
      this.#files.set(path, openSync(path, 'r'));
    } catch (cause) {
      const message = `cannot read ${path}: ${(cause as Error).message}; check that the file is still there`;
      throw new TsgptError(message, { cause });
    }
  }

  /** The rows of `table` at `index`, as float32 `[...index, width]`. */
  read(table: StoredTable, index: Int32Array): Float32Array {
    const { numbers, blocks } = table;
    const width = widthOf(table);
    const rowCount = numbers.shape[0]!;
    const bytes = numbers.data.length / rowCount; // of a row
    const result = new Float32Array(index.length * width);
    const integers = new Uint8Array(blocks ? bytes : 0);
    const scales = new Float32Array(blocks ? blocks.scales.shape[1]! : 0);
    const scaleBytes = bytesOf(scales);
    const widenBlocks = blocks?.bits === 4 ? widenNibbles : widenBytes;
    for (let i = 0; i < index.length; i++) {
      const row = index[i]!;
      ensure(row >= 0 && row < rowCount, () => `a table of ${rowCount} rows has no row ${row}`);
      if (blocks) {
        this.#fill(integers, numbers.data, row * bytes);
        this.#fill(scaleBytes, blocks.scales.data, row * scales.byteLength);
        widenBlocks(integers, scales, result, i * width, width / scales.length);
      } else {
        const target = result.subarray(i * width, (i + 1) * width);
        const end = bytesOf(target).subarray(4 * width - bytes); // half precision is widened in place
        this.#fill(end, numbers.data, row * bytes);
        if (numbers.type === 'float16') widenFloat16(bitsOf(end), target);
        if (numbers.type === 'bfloat16') widenBFloat16(bitsOf(end), target);
      }
    }
    return result;
  }

  /** Fills `target` with the bytes from `offset` in a region. Waits for them, as for a page of a mapped file. */
  #fill(target: Uint8Array, { path, offset: start }: FileRegion, offset: number): void {
    const count = readSync(this.#files.get(path)!, target, 0, target.length, start + offset);
    ensure(
      count === target.length,
      () => `${path} became shorter while it was in use; load the model again when nothing writes to it`,
    );
  }

  /** Closes the files. Closing again changes nothing. */
  close(): void {
    for (const file of this.#files.values()) closeSync(file);
    this.#files.clear();
  }
}

type WidenBlocks = (
  integers: Uint8Array,
  scales: Float32Array,
  target: Float32Array,
  start: number,
  blockSize: number,
) => void;

/** Writes a row to `target` from `start` on. A number is (integer - 128) · scale. */
const widenBytes: WidenBlocks = (integers, scales, target, start, blockSize) => {
  for (let block = 0, i = 0; block < scales.length; block++) {
    const scale = scales[block]!;
    for (const end = i + blockSize; i < end; i++) target[start + i] = (integers[i]! - 128) * scale;
  }
};

/** Like {@link widenBytes}, with two integers in a byte, the first in its lower half. A number is (integer - 8) · scale. */
const widenNibbles: WidenBlocks = (integers, scales, target, start, blockSize) => {
  for (let block = 0, i = 0; block < scales.length; block++) {
    const scale = scales[block]!;
    for (const end = i + blockSize; i < end; i += 2) {
      const byte = integers[i / 2]!;
      target[start + i] = ((byte & 15) - 8) * scale;
      target[start + i + 1] = ((byte >> 4) - 8) * scale;
    }
  }
};

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function bitsOf({ buffer, byteOffset, byteLength }: Uint8Array): Uint16Array {
  return new Uint16Array(buffer, byteOffset, byteLength / 2);
}
