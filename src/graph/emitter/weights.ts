import type { DType } from '../../core/dtype.ts';
import type { Shape } from '../../core/shape.ts';
import type { StoredBlocks, StoredConstant, StoredFloats, StoredPart } from '../stored-constant.ts';
import type { Initializers } from './initializers.ts';
import type { Operators } from './operators.ts';

/** A matrix `[rows, columns]` stored in blocks, and the names of its parts. */
export interface Blocks {
  readonly bits: number;
  readonly blockSize: number;
  readonly rows: number;
  readonly columns: number;
  /** uint8 `[rows, blocks in a row, bytes of a block]`. */
  readonly integers: string;
  /** The same integers as `[rows, bytes of a row]`. An unused one of the two is removed from the model. */
  readonly table: string;
  /** float32 `[rows, blocks in a row]`. */
  readonly scales: string;
}

/**
 * The weights of one ONNX graph: constants as they are stored, in memory or in a file. If the graph needs them in another form, operators convert,
 * cut or transpose them. ONNX Runtime computes values that depend only on constants once, when it loads the graph.
 */
export class Weights {
  readonly #operators: Operators;
  readonly #initializers: Initializers;
  readonly #blocks = new Map<string, Blocks>();
  /** Names of stored matrices by their region, so that several constants may be parts of one. */
  readonly #regions = new Map<string, string>();
  /** For each constant in a file, the name of a separate constant for the same region. */
  readonly #tables = new Map<string, string>();
  /** For each transposed value, the value that it is the transpose of. */
  readonly #transposes = new Map<string, string>();
  /** For each constant that is part of a stored matrix: which matrix, and which part. */
  readonly #parts = new Map<string, { whole: string; part: StoredPart; columns: number }>();

  constructor(operators: Operators, initializers: Initializers) {
    this.#operators = operators;
    this.#initializers = initializers;
  }

  /** Adds a constant. Returns its name in the graph: `name`, unless it is computed from what is stored. */
  store(name: string, type: { dtype: DType; shape: Shape }, storage: StoredConstant): string {
    return storage.format === 'blocks'
      ? this.#storeBlocks(name, type, storage)
      : this.#storeFloats(name, type, storage);
  }

  #storeFloats(name: string, { dtype, shape }: { dtype: DType; shape: Shape }, storage: StoredFloats): string {
    const { format, data, part } = storage;
    const place = data instanceof Uint8Array ? name : `${data.path}:${data.offset}:${data.length}`;
    const stored = this.#regions.get(place) ?? name;
    this.#regions.set(place, stored);
    const type = format === 'float32' ? dtype : format;
    const tensor = { name: stored, type, shape: part?.shape ?? shape, data };
    this.#initializers.add(tensor);
    if (!(data instanceof Uint8Array)) {
      const table = `${stored}.table`;
      this.#tables.set(stored, table);
      this.#initializers.add({ ...tensor, name: table }); // stays in the model only if it is used
    }
    const numbers = format === 'float32' ? stored : this.#operators.cast(stored, 'float32');
    return part ? this.#cut(numbers, shape, part) : numbers;
  }

  /** Cuts the constant, a matrix or vector of `shape`, out of a stored matrix. */
  #cut(whole: string, shape: Shape, part: StoredPart): string {
    const columns = part.transposed ? shape[0]! : shape.at(-1)!;
    const bounds = [part.firstColumn, part.firstColumn + columns].map((column) =>
      this.#initializers.integers([column]),
    );
    const isWhole = columns === part.shape.at(-1);
    const lastDim = part.shape.length - 1;
    const cut = isWhole
      ? whole
      : this.#operators.emit('Slice', [whole, ...bounds, this.#initializers.integers([lastDim])]);
    const result = part.transposed ? this.#transpose(cut) : cut;
    this.#parts.set(result, { whole, part, columns });
    return result;
  }

  #transpose(input: string): string {
    const output = this.#operators.emit('Transpose', [input], { attributes: { perm: [1, 0] } });
    this.#transposes.set(output, input);
    return output;
  }

  #storeBlocks(name: string, { dtype, shape }: { dtype: DType; shape: Shape }, storage: StoredBlocks): string {
    const { bits, blockSize, integers, scales } = storage;
    const [rows, columns] = shape as [number, number];
    const names = { integers: `${name}.integers`, table: `${name}.table`, scales: `${name}.scales` };
    const blocksInRow = Math.ceil(columns / blockSize);
    const blockBytes = (blockSize * bits) / 8;
    const bytes = { type: 'uint8', data: integers } as const;
    this.#initializers.add({ ...bytes, name: names.integers, shape: [rows, blocksInRow, blockBytes] });
    this.#initializers.add({ ...bytes, name: names.table, shape: [rows, blocksInRow * blockBytes] });
    this.#initializers.add({ name: names.scales, type: dtype, shape: [rows, blocksInRow], data: scales });
    this.#blocks.set(name, { bits, blockSize, rows, columns, ...names });
    return name;
  }

  /** The integers and scales of a constant, if it is stored in blocks. */
  blocks(name: string): Blocks | undefined {
    return this.#blocks.get(name);
  }

  /** The value that a matrix is the transpose of, if it is stored transposed. */
  transposeOf(name: string): string | undefined {
    return this.#transposes.get(name);
  }

  /**
   * A constant to take rows from. For a constant in a file, this is a separate constant: ONNX Runtime can then release the pages that it read for a
   * matrix product, which uses a copy in another order, and reads only the requested rows of the table.
   */
  table(name: string): string {
    return this.#tables.get(name) ?? name;
  }

  /**
   * Joins constants that are stored alike and have the same number of columns: their rows, or the elements of vectors, one after the other. If
   * they are all the parts of one stored matrix, or follow each other in a file, the result is stored, too, and nothing is computed.
   */
  joinRows(names: readonly string[]): string {
    const blocks = names.flatMap((name) => this.#blocks.get(name) ?? []);
    if (blocks.length === 0) return this.#wholeOf(names) ?? this.#join(names);
    const name = names.join('+');
    const integers = this.#join(blocks.map((block) => block.integers));
    const scales = this.#join(blocks.map((block) => block.scales));
    const rows = blocks.reduce((total, block) => total + block.rows, 0);
    this.#blocks.set(name, { ...blocks[0]!, rows, integers, scales });
    return name;
  }

  #join(names: readonly string[]): string {
    return this.#neighbours(names) ?? this.#operators.emit('Concat', names, { attributes: { axis: 0 } });
  }

  /** A constant that consists of exactly these constants, if they follow each other in a file. */
  #neighbours(names: readonly string[]): string | undefined {
    const tensors = names.flatMap((name) => this.#initializers.get(name) ?? []);
    const regions = tensors.flatMap(({ data }) => (data instanceof Uint8Array ? [] : [data]));
    const [first] = regions;
    if (!first || regions.length < names.length) return undefined;
    let length = 0;
    for (const region of regions) {
      if (region.path !== first.path || region.offset !== first.offset + length) return undefined;
      length += region.length;
    }
    const name = names.join('+');
    const rows = tensors.reduce((total, { shape }) => total + shape[0]!, 0);
    const shape = [rows, ...tensors[0]!.shape.slice(1)];
    this.#initializers.add({ ...tensors[0]!, name, shape, data: { ...first, length } });
    return name;
  }

  /** The stored matrix that consists of exactly these parts, in this order. */
  #wholeOf(names: readonly string[]): string | undefined {
    const parts = names.flatMap((name) => this.#parts.get(name) ?? []);
    let end = 0;
    for (const { whole, part, columns } of parts) {
      if (whole !== parts[0]!.whole || part.firstColumn !== end) return undefined;
      end += columns;
    }
    const { whole, part } = parts[0] ?? {};
    if (!whole || parts.length < names.length || end !== part!.shape.at(-1)) return undefined;
    return part!.transposed ? this.#transpose(whole) : whole;
  }
}
