import { ensure } from '../core/errors.ts';
import { areFinite } from '../core/finite.ts';
import { printable } from '../core/printable.ts';
import { formatShape, type Shape, sameShape } from '../core/shape.ts';
import type { StoredFloats } from '../graph/index.ts';

/** Somewhere tensors can be read by name: an open safetensors file, for example. */
export interface WeightSource {
  has(name: string): boolean;
  readFloats(name: string): Promise<{ shape: Shape; data: Float32Array }>;
  /** All there is, by name. Only of a source that tells can be said what in it has no place in a model. */
  readonly tensors?: ReadonlyMap<string, unknown>;
  /** Where a tensor lies. A source that tells wants weights to be left there instead of being read into memory. */
  locate?(name: string): { shape: Shape; stored: StoredFloats } | undefined;
}

/** Weights by the names of their family, which are there with `prefix` before them or without. */
export class NamedWeights {
  readonly #source: Pick<WeightSource, 'has'> & Partial<WeightSource>;
  readonly #prefix: string;

  constructor(source: Pick<WeightSource, 'has'> & Partial<WeightSource>, prefix = '') {
    this.#source = source;
    this.#prefix = prefix;
  }

  /** A name without the prefix; as such, tensors are spoken of. */
  plainName(name: string): string {
    return name.startsWith(this.#prefix) ? name.slice(this.#prefix.length) : name;
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  /**
   * The elements of a tensor, for the parameter at `path`. Throws if there is none of that name and shape, or if it holds what is not a
   * number.
   */
  async read(name: string, shape: Shape, path: string): Promise<Float32Array> {
    const found = this.#existing(name, path);
    const published = await this.#source.readFloats!(found);
    checkShape(found, published.shape, shape);
    ensure(
      areFinite(published.data),
      () => `tensor ${printable(found)} has elements that are not numbers or infinite; get undamaged weights`,
    );
    return published.data;
  }

  /** Where a tensor lies, if its source leaves it there; throws as {@link read} does, but does not look at the elements. */
  locate(name: string, shape: Shape, path: string): StoredFloats | undefined {
    const found = this.#existing(name, path);
    const located = this.#source.locate?.(found);
    if (located) checkShape(found, located.shape, shape);
    return located?.stored;
  }

  /** Throws if there are tensors other than those expected by their plain names, or one both with and without the prefix. */
  checkNoOthers(isExpected: (plainName: string) => boolean): void {
    const plain = new Set<string>();
    for (const name of this.#source.tensors?.keys() ?? []) {
      const rest = this.plainName(name);
      ensure(
        isExpected(rest),
        () => `the weights have a tensor ${printable(name)}, which has no place in a model of this configuration`,
      );
      ensure(!plain.has(rest), `the weights have ${rest} twice, with ${this.#prefix} before it and without`);
      plain.add(rest);
    }
  }

  #existing(name: string, path: string): string {
    const found = this.#find(name);
    ensure(found, () => `the weights have no tensor ${this.plainName(name)}, which the model's ${path} is read from`);
    return found;
  }

  #find(name: string): string | undefined {
    const plain = this.plainName(name);
    return [plain, this.#prefix + plain].find((candidate) => this.#source.has(candidate));
  }
}

function checkShape(name: string, published: Shape, expected: Shape): void {
  ensure(
    sameShape(published, expected),
    () =>
      `tensor ${printable(name)} is ${formatShape(published)}, but the model's configuration needs ${formatShape(expected)}`,
  );
}
