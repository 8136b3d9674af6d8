import type { DType } from '../core/dtype.ts';
import { allocate } from '../core/dtype.ts';
import { ensure } from '../core/errors.ts';
import { factorsOf, isOpen, type OpenLength } from '../core/open-length.ts';
import { type Shape, sameShape } from '../core/shape.ts';
import {
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
  type OnnxType,
  typeNumbers,
} from '../formats/onnx/model.ts';
import type { GraphValue } from './graph.ts';
import type { StoredBlocks, StoredConstant, StoredFloats, StoredPart } from './stored-constant.ts';

export interface EmitOptions {
  attributes?: Record<string, OnnxAttribute>;
  /** Attributes that ONNX wants as floating-point numbers. */
  floats?: Record<string, number>;
  /** Where the operator is specified, if not in ONNX itself. */
  domain?: string;
}

/** A matrix stored in blocks, and the names of its two operands. */
export interface Blocks {
  readonly bits: number;
  readonly blockSize: number;
  readonly rows: number;
  readonly columns: number;
  readonly integers: string;
  /** The integers as one row of bytes for each row of the matrix; only what is used of the two is stored. */
  readonly table: string;
  readonly scales: string;
}

/** A dimension of a graph's input that has an open length. */
export interface LengthSource {
  readonly input: string;
  readonly dim: number;
}

/** What will run a graph: the ONNX Runtime we come with, or any engine there is. */
export type Engine = 'ONNX Runtime' | 'any';

/** Collects the operators and constants of one ONNX graph; what a lowering rule writes to. */
export class Emitter {
  readonly nodes: OnnxNode[] = [];
  readonly #constants = new Map<string, OnnxTensor>();
  readonly #blocks = new Map<string, Blocks>();
  /** Names of stored matrices by their place, so that several constants may be parts of one. */
  readonly #regions = new Map<string, string>();
  /** For each constant in a file, another that is the same region. */
  readonly #tables = new Map<string, string>();
  /** For each transposed value, what it is the transpose of. */
  readonly #transposes = new Map<string, string>();
  /** For each constant that is a part of what is stored, of what and which. */
  readonly #parts = new Map<string, { whole: string; part: StoredPart; columns: number }>();
  /** For each part of a split value, which value that is, and all its parts. */
  readonly #splits = new Map<string, { whole: string; parts: readonly string[] }>();
  /** For each reshaped value, what it is a view of. */
  readonly #views = new Map<string, { name: string; shape: Shape }>();
  readonly #reshaped = new Map<string, string>();
  /** Lists of integers that depend on open lengths, by what they are made of. */
  readonly #computedIntegers = new Map<string, string>();
  readonly #lengthSources: ReadonlyMap<OpenLength, LengthSource>;
  #valueCount = 0;
  readonly engine: Engine;

  /** `lengthSources` says for each open length which input shows it. */
  constructor(lengthSources: ReadonlyMap<OpenLength, LengthSource>, engine: Engine) {
    this.#lengthSources = lengthSources;
    this.engine = engine;
  }

  get initializers(): OnnxTensor[] {
    return [...this.#constants.values()];
  }

  /**
   * Adds a constant to the graph, which is stored as its elements are now unless `storage` says otherwise. Returns its name, `name` if it
   * need not be computed from what is stored.
   */
  store(name: string, value: GraphValue, storage: StoredConstant = floatsOf(value)): string {
    return storage.format === 'blocks'
      ? this.#storeBlocks(name, value, storage)
      : this.#storeFloats(name, value, storage);
  }

  /** ONNX Runtime computes whatever is computed here when it loads the graph. */
  #storeFloats(name: string, { dtype, shape }: GraphValue, { format, data, part }: StoredFloats): string {
    const place = data instanceof Uint8Array ? name : `${data.path}:${data.offset}:${data.length}`;
    const stored = this.#regions.get(place) ?? name;
    this.#regions.set(place, stored);
    const type = format === 'float32' ? dtype : format;
    const tensor = { name: stored, type, shape: part?.shape ?? shape, data };
    this.#constants.set(stored, tensor);
    if (!(data instanceof Uint8Array)) {
      const table = `${stored}.table`;
      this.#tables.set(stored, table);
      this.#constants.set(table, { ...tensor, name: table }); // stored only if it is used, as all others
    }
    const numbers = format === 'float32' ? stored : this.cast(stored, 'float32');
    if (!part) return numbers;
    const columns = part.transposed ? shape[0]! : shape.at(-1)!;
    const isWhole = columns === part.shape.at(-1);
    const bounds = [part.firstColumn, part.firstColumn + columns].map((column) => this.integers([column]));
    const cut = isWhole ? numbers : this.emit('Slice', [numbers, ...bounds, this.integers([part.shape.length - 1])]);
    const result = part.transposed ? this.#transpose(cut) : cut;
    this.#parts.set(result, { whole: numbers, part, columns });
    return result;
  }

  #transpose(input: string): string {
    const output = this.emit('Transpose', [input], { attributes: { perm: [1, 0] } });
    this.#transposes.set(output, input);
    return output;
  }

  #storeBlocks(name: string, { dtype: type, shape }: GraphValue, storage: StoredBlocks): string {
    const { bits, blockSize, integers, scales } = storage;
    const [rows, columns] = shape as [number, number];
    const parts = { integers: `${name}.integers`, table: `${name}.table`, scales: `${name}.scales` };
    const blocks = { bits, blockSize, rows, columns, ...parts };
    const blocksInRow = Math.ceil(columns / blockSize);
    const blockBytes = (blockSize * bits) / 8;
    const addIntegers = (name: string, shape: Shape) =>
      this.#constants.set(name, { name, type: 'uint8', shape, data: integers });
    addIntegers(blocks.integers, [rows, blocksInRow, blockBytes]);
    addIntegers(blocks.table, [rows, blocksInRow * blockBytes]);
    this.#constants.set(blocks.scales, { name: blocks.scales, type, shape: [rows, blocksInRow], data: scales });
    this.#blocks.set(name, blocks);
    return name;
  }

  /**
   * A constant to take rows from. In a file that is a constant of its own: ONNX Runtime can then let go of the pages that it has read for
   * a matrix product, which uses a copy in another order, and of the table only reads what is asked for.
   */
  table(name: string): string {
    return this.#tables.get(name) ?? name;
  }

  /** Equal for constants that {@link joinRows} can join, if they have equally many columns. */
  storageKey(name: string): string {
    const { bits, blockSize } = this.#blocks.get(name) ?? {};
    return `${bits} ${blockSize}`;
  }

  /**
   * One constant out of several that are stored alike: the rows of all, or the elements of vectors, one after the other. Computed when the graph
   * is loaded, unless they are just the parts of what is stored.
   */
  joinRows(names: readonly string[]): string {
    const blocks = names.flatMap((name) => this.#blocks.get(name) ?? []);
    const join = (parts: readonly string[]) => this.emit('Concat', parts, { attributes: { axis: 0 } });
    if (blocks.length === 0) return this.#wholeOf(names) ?? join(names);
    const name = `${names.join('+')}`;
    const integers = join(blocks.map((block) => block.integers));
    const scales = join(blocks.map((block) => block.scales));
    const rows = blocks.reduce((total, block) => total + block.rows, 0);
    this.#blocks.set(name, { ...blocks[0]!, rows, integers, scales });
    return name;
  }

  /** The stored matrix whose parts these are, all of them in order, as they stand. */
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

  /** A value cut into parts of so many columns each. */
  split(whole: string, columns: readonly number[]): string[] {
    const parts = this.emitMany('Split', [whole, this.integers(columns)], columns.length, { attributes: { axis: -1 } });
    for (const part of parts) this.#splits.set(part, { whole, parts });
    return parts;
  }

  /** The value that was split into just these parts. */
  splitOf(parts: readonly string[]): string | undefined {
    const split = this.#splits.get(parts[0]!);
    return split && String(split.parts) === String(parts) ? split.whole : undefined;
  }

  /** What a stored matrix is the transpose of, if it is stored transposed. */
  transposeOf(name: string): string | undefined {
    return this.#transposes.get(name);
  }

  /** Where the integers and scales of a constant are, if it is stored in blocks. */
  blocks(name: string): Blocks | undefined {
    return this.#blocks.get(name);
  }

  /** Adds one operator with one output and returns the output's name. */
  emit(operator: string, inputs: readonly string[], options: EmitOptions = {}): string {
    return this.emitMany(operator, inputs, 1, options)[0]!;
  }

  /** Adds one operator with `outputCount` outputs and returns their names. */
  emitMany(operator: string, inputs: readonly string[], outputCount: number, options: EmitOptions = {}): string[] {
    const outputs = Array.from({ length: outputCount }, () => `v${this.#valueCount++}`);
    const { attributes = {}, floats = {}, domain } = options;
    this.nodes.push({ operator, inputs, outputs, attributes, floats, domain });
    return outputs;
  }

  /** The value `input` as another type. */
  cast(input: string, type: OnnxType): string {
    return this.emit('Cast', [input], { attributes: { to: typeNumbers[type] } });
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

  /** The integers 0, 1, ... `length - 1`: int32 `[length]`. */
  range(length: number): string {
    if (isOpen(length)) return this.#computed(`range ${length}`, () => this.#openRange(length));
    return this.#constant(`range ${length}`, 'int32', [length], () => Int32Array.from({ length }, (_, i) => i));
  }

  /** A list of integers, as ONNX operators take shapes, dimensions and bounds: int64 `[values.length]`. */
  integers(values: readonly number[]): string {
    if (values.some(isOpen)) return this.#computed(`integers ${values}`, () => this.#openIntegers(values));
    return this.#constant(`int64 ${values}`, 'int64', [values.length], () => BigInt64Array.from(values, BigInt));
  }

  #openRange(length: number): string {
    const end = this.cast(this.emit('Squeeze', [this.integers([length])]), 'int32');
    return this.emit('Range', [this.scalar(0, 'int32'), end, this.scalar(1, 'int32')]);
  }

  #openIntegers(values: readonly number[]): string {
    const parts = values.map((value) => this.#length(value));
    return parts.length === 1 ? parts[0]! : this.emit('Concat', parts, { attributes: { axis: 0 } });
  }

  /** One length as an int64 `[1]`, computed from the shapes of the graph's inputs. */
  #length(value: number): string {
    const { known, names } = factorsOf(value);
    const factors = names.map((name) => this.#computed(name, () => this.#openLength(name)));
    if (known !== 1 || factors.length === 0) factors.push(this.integers([known]));
    return factors.reduce((product, factor) =>
      this.#computed(`${product}*${factor}`, () => this.emit('Mul', [product, factor])),
    );
  }

  #openLength(name: OpenLength): string {
    const source = this.#lengthSources.get(name);
    ensure(source, `the graph uses the length "${name}", but no input has a dimension of just that length`);
    return this.emit('Shape', [source.input], { attributes: { start: source.dim, end: source.dim + 1 } });
  }

  #computed(key: string, make: () => string): string {
    const name = this.#computedIntegers.get(key) ?? make();
    this.#computedIntegers.set(key, name);
    return name;
  }

  /** Equal constants are stored once. */
  #constant(key: string, type: OnnxType, shape: Shape, make: () => ArrayBufferView): string {
    ensure(!shape.some(isOpen), `a constant cannot have a length that is only known when the graph runs: ${key}`);
    let tensor = this.#constants.get(key);
    if (!tensor) {
      const array = make();
      tensor = { name: `c${this.#constants.size}`, type, shape, data: bytesOf(array) };
      this.#constants.set(key, tensor);
    }
    return tensor.name;
  }
}

function floatsOf(value: GraphValue): StoredFloats {
  return { format: 'float32', data: bytesOf(value.cached ?? value.node.feed!([])) };
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
