import { ensure } from '../errors.ts';
import { printable } from '../printable.ts';
import { formatShape, type Shape, sameShape } from '../shape.ts';

/** Somewhere tensors can be read by name: an open safetensors file, for example. */
export interface WeightSource {
  has(name: string): boolean;
  readFloats(name: string): Promise<{ shape: Shape; data: Float32Array }>;
  /** All there is, by name. Only of a source that tells can be said what in it has no place in a model. */
  readonly tensors?: ReadonlyMap<string, unknown>;
}

/** Published weights by the names of their family, before any of which there may also stand `prefix`. */
export class PublishedWeights {
  readonly #source: WeightSource;
  readonly #prefix: string;

  constructor(source: WeightSource, prefix: string) {
    this.#source = source;
    this.#prefix = prefix;
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  /** The elements of a tensor, for the parameter at `path`; throws if there is none of that name and shape. */
  async read(name: string, shape: Shape, path: string): Promise<Float32Array> {
    const found = this.#find(name);
    ensure(found, `the weights have no tensor ${name}, which the model's ${path} is read from`);
    const published = await this.#source.readFloats(found);
    ensure(
      sameShape(published.shape, shape),
      `tensor ${found} is ${formatShape(published.shape)}, but the model's configuration needs ${formatShape(shape)}`,
    );
    return published.data;
  }

  /** Throws if there are tensors other than those expected, or one both with and without the prefix. */
  checkNoOthers(isExpected: (name: string) => boolean): void {
    const plain = new Set<string>();
    for (const name of this.#source.tensors?.keys() ?? []) {
      const rest = name.startsWith(this.#prefix) ? name.slice(this.#prefix.length) : name;
      ensure(
        isExpected(rest),
        () => `the weights have a tensor ${printable(name)}, which has no place in a model of this configuration`,
      );
      ensure(!plain.has(rest), `the weights have ${rest} twice, with ${this.#prefix} before it and without`);
      plain.add(rest);
    }
  }

  /** A matrix that is both token embedding and head, and may stand there under either name; under both it must be the same. */
  async readTied(embedding: string, head: string, shape: Shape, path: string): Promise<Float32Array> {
    if (!this.has(head)) return this.read(embedding, shape, path);
    const values = await this.read(head, shape, path);
    const others = this.has(embedding) ? await this.read(embedding, shape, path) : values;
    ensure(
      values.every((value, i) => value === others[i]),
      `${head} differs from ${embedding}, so the head is not the token embedding; build the model with tiedHead: false`,
    );
    return values;
  }

  #find(name: string): string | undefined {
    return [name, this.#prefix + name].find((candidate) => this.#source.has(candidate));
  }
}
