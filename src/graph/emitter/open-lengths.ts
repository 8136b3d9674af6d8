import { ensure } from '../../core/errors.ts';
import { factorsOf, type OpenLength, openLengths } from '../../core/open-length.ts';
import type { OnnxValue } from '../../formats/onnx/model.ts';
import type { Initializers } from './initializers.ts';
import type { Operators } from './operators.ts';

/**
 * Numbers that depend on open lengths. Only a run knows them, so operators compute them from the shapes of the graph's inputs. For the
 * list `[8 · batch, -1]`, for example, and an input `ids [batch, time]`:
 *
 *     v0 = Shape(ids, start=0, end=1)    [batch]
 *     v1 = Mul(v0, [8])                  [8 · batch]
 *     v2 = Concat(v1, [-1])              [8 · batch, -1]
 *
 * Each is computed only once.
 */
export class OpenLengths {
  readonly #operators: Operators;
  readonly #initializers: Initializers;
  /** For each open length, an input with a dimension of exactly that length. */
  readonly #sources: ReadonlyMap<OpenLength, LengthSource>;
  /** Names of the computed values, by a key that describes them. */
  readonly #computed = new Map<string, string>();

  constructor(operators: Operators, initializers: Initializers, inputs: readonly OnnxValue[]) {
    this.#operators = operators;
    this.#initializers = initializers;
    this.#sources = sourcesIn(inputs);
  }

  /** A list of integers, at least one of them open: int64 `[values.length]`. */
  integers(values: readonly number[]): string {
    return this.#once(`integers ${values}`, () => {
      const parts = values.map((value) => this.#integer(value));
      return parts.length === 1 ? parts[0]! : this.#operators.emit('Concat', parts, { attributes: { axis: 0 } });
    });
  }

  /** The integers 0, 1, ... `length - 1` for an open length: int32 `[length]`. */
  range(length: number): string {
    return this.#once(`range ${length}`, () => {
      const end = this.#operators.cast(this.#operators.emit('Squeeze', [this.integers([length])]), 'int32');
      const [start, step] = [0, 1].map((value) => this.#initializers.fill([], value, 'int32'));
      return this.#operators.emit('Range', [start!, end, step!]);
    });
  }

  /** One number as int64 `[1]`: the product of its factors. */
  #integer(value: number): string {
    const { known, names } = factorsOf(value);
    const factors = names.map((name) => this.#once(name, () => this.#read(name)));
    if (known !== 1 || factors.length === 0) factors.push(this.#initializers.integers([known]));
    return factors.reduce((product, factor) =>
      this.#once(`${product}*${factor}`, () => this.#operators.emit('Mul', [product, factor])),
    );
  }

  #read(name: OpenLength): string {
    const source = this.#sources.get(name);
    ensure(source, `the graph uses the length "${name}", but no input has a dimension of just that length`);
    return this.#operators.emit('Shape', [source.input], { attributes: { start: source.dim, end: source.dim + 1 } });
  }

  #once(key: string, make: () => string): string {
    const name = this.#computed.get(key) ?? make();
    this.#computed.set(key, name);
    return name;
  }
}

/** A dimension of an input that has an open length. */
interface LengthSource {
  readonly input: string;
  readonly dim: number;
}

function sourcesIn(inputs: readonly OnnxValue[]): Map<OpenLength, LengthSource> {
  const sources = new Map<OpenLength, LengthSource>();
  for (const { name: input, shape } of inputs) {
    for (const [length, standIn] of Object.entries(openLengths) as [OpenLength, number][]) {
      const dim = shape.indexOf(standIn);
      if (dim >= 0 && !sources.has(length)) sources.set(length, { input, dim });
    }
  }
  return sources;
}
