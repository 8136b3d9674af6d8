import type { DType } from '../dtype.ts';
import { allocate } from '../dtype.ts';
import { type DynamicLength, factorsOf, isDynamic } from '../dynamic-length.ts';
import { ensure } from '../errors.ts';
import { type OnnxAttribute, type OnnxNode, type OnnxTensor, type OnnxType, typeNumbers } from '../runtime/onnx.ts';
import { type Shape, sameShape } from '../shape.ts';
import type { GraphValue } from './graph.ts';
import type { StoredConstant, StoredFloats } from './stored-constant.ts';

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

/** A dimension of a graph's input that has a dynamic length. */
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
  /** For each reshaped value, what it is a view of. */
  readonly #views = new Map<string, { name: string; shape: Shape }>();
  readonly #reshaped = new Map<string, string>();
  /** Lists of integers that depend on dynamic lengths, by what they are made of. */
  readonly #computedIntegers = new Map<string, string>();
  readonly #lengthSources: ReadonlyMap<DynamicLength, LengthSource>;
  #valueCount = 0;
  readonly engine: Engine;

  /** `lengthSources` says for each dynamic length which input shows it. */
  constructor(lengthSources: ReadonlyMap<DynamicLength, LengthSource>, engine: Engine) {
    this.#lengthSources = lengthSources;
    this.engine = engine;
  }

  get initializers(): OnnxTensor[] {
    return [...this.#constants.values()];
  }

  /** Makes `name` stand for a constant of the graph, which is stored as its elements are now unless `storage` says otherwise. */
  store(name: string, value: GraphValue, storage: StoredConstant = floatsOf(value)): void {
    const { dtype: type, shape } = value;
    if (storage.format === 'float32') {
      this.#constants.set(name, { name, type, shape, data: storage.data });
      return;
    }
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
    if (isDynamic(length)) return this.#computed(`range ${length}`, () => this.#dynamicRange(length));
    return this.#constant(`range ${length}`, 'int32', [length], () => Int32Array.from({ length }, (_, i) => i));
  }

  /** A list of integers, as ONNX operators take shapes, dimensions and bounds: int64 `[values.length]`. */
  integers(values: readonly number[]): string {
    if (values.some(isDynamic)) return this.#computed(`integers ${values}`, () => this.#dynamicIntegers(values));
    return this.#constant(`int64 ${values}`, 'int64', [values.length], () => BigInt64Array.from(values, BigInt));
  }

  #dynamicRange(length: number): string {
    const end = this.cast(this.emit('Squeeze', [this.integers([length])]), 'int32');
    return this.emit('Range', [this.scalar(0, 'int32'), end, this.scalar(1, 'int32')]);
  }

  #dynamicIntegers(values: readonly number[]): string {
    const parts = values.map((value) => this.#length(value));
    return parts.length === 1 ? parts[0]! : this.emit('Concat', parts, { attributes: { axis: 0 } });
  }

  /** One length as an int64 `[1]`, computed from the shapes of the graph's inputs. */
  #length(value: number): string {
    const { known, names } = factorsOf(value);
    const factors = names.map((name) => this.#computed(name, () => this.#dynamicLength(name)));
    if (known !== 1 || factors.length === 0) factors.push(this.integers([known]));
    return factors.reduce((product, factor) =>
      this.#computed(`${product}*${factor}`, () => this.emit('Mul', [product, factor])),
    );
  }

  #dynamicLength(name: DynamicLength): string {
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
    ensure(!shape.some(isDynamic), `a constant cannot have a length that is only known when the graph runs: ${key}`);
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
