import { ensure } from '../core/errors.ts';
import { areFinite } from '../core/finite.ts';
import { printable } from '../core/printable.ts';
import { formatShape, type Shape, sameShape } from '../core/shape.ts';
import type { StoredFloats } from '../graph/index.ts';

/** A source of tensors that can be read by name, such as an open safetensors file. */
export interface WeightSource {
  has(name: string): boolean;
  readFloats(name: string): Promise<{ shape: Shape; data: Float32Array }>;
  /** All tensors by name. Without it, unexpected tensors cannot be detected. */
  readonly tensors?: ReadonlyMap<string, unknown>;
  /** Where a tensor is stored. If the source provides this, weights stay there and are not read into memory. */
  locate?(name: string): { shape: Shape; stored: StoredFloats } | undefined;
}

/** Weights by the names that their family gives them. The source may have the names with or without `prefix`. */
export class NamedWeights {
  readonly #source: Pick<WeightSource, 'has'> & Partial<WeightSource>;
  readonly #prefix: string;

  constructor(source: Pick<WeightSource, 'has'> & Partial<WeightSource>, prefix = '') {
    this.#source = source;
    this.#prefix = prefix;
  }

  /** A name without the prefix, the form used in error messages. */
  plainName(name: string): string {
    return name.startsWith(this.#prefix) ? name.slice(this.#prefix.length) : name;
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  /**
   * Reads the elements of a tensor, for the parameter at `path`. Throws a TsgptError if there is no tensor with this name and shape, or
   * if an element is not finite.
   */
  async read(name: string, shape: Shape, path: string): Promise<Float32Array> {
    const found = this.#existing(name, path);
    const published = await this.#source.readFloats!(found);
    checkShape(found, published.shape, shape);
    ensure(
      areFinite(published.data),
      () => `tensor ${printable(found)} has elements that are NaN or infinite; get undamaged weights`,
    );
    return published.data;
  }

  /** Where a tensor is stored, if its source provides this. Throws as {@link read} does, but does not check the elements. */
  locate(name: string, shape: Shape, path: string): StoredFloats | undefined {
    const found = this.#existing(name, path);
    const located = this.#source.locate?.(found);
    if (located) checkShape(found, located.shape, shape);
    return located?.stored;
  }

  /** Throws a TsgptError if a tensor is unexpected, or exists both with and without the prefix. */
  checkNoOthers(isExpected: (plainName: string) => boolean): void {
    const plain = new Set<string>();
    for (const name of this.#source.tensors?.keys() ?? []) {
      const rest = this.plainName(name);
      ensure(
        isExpected(rest),
        () => `the weights have a tensor ${printable(name)}, which has no place in a model of this configuration`,
      );
      ensure(!plain.has(rest), `the weights have ${rest} twice, with and without the prefix ${this.#prefix}`);
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
