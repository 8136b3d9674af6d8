import { ensure } from '../core/errors.ts';
import { areFinite } from '../core/finite.ts';
import { printable } from '../core/printable.ts';
import { formatShape, type Shape, sameShape } from '../core/shape.ts';
import type { StoredFloats, StoredPart } from '../graph/index.ts';
import type { Parameter } from '../nn/index.ts';
import { hasMore, partOf } from './stored-part.ts';

/** Somewhere tensors can be read by name: an open safetensors file, for example. */
export interface WeightSource {
  has(name: string): boolean;
  readFloats(name: string): Promise<{ shape: Shape; data: Float32Array }>;
  /** All there is, by name. Only of a source that tells can be said what in it has no place in a model. */
  readonly tensors?: ReadonlyMap<string, unknown>;
  /** Where a tensor lies. A source that tells wants weights to be left there instead of being read into memory. */
  locate?(name: string): { shape: Shape; stored: StoredFloats } | undefined;
}

/** Published weights by the names of their family, before any of which there may also stand `prefix`. */
export class PublishedWeights {
  readonly #source: WeightSource;
  readonly #prefix: string;
  /** Tensors of which parts are still to be given away, so that they are read only once. */
  readonly #begun = new Map<string, Float32Array>();

  constructor(source: WeightSource, prefix: string) {
    this.#source = source;
    this.#prefix = prefix;
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  /**
   * Gives the parameter at `path` its elements: the tensor `name`, or `part` of it. Throws if there is none of that name and shape, or
   * if it holds what is not a number.
   */
  async fill(parameter: Parameter, path: string, name: string, part?: StoredPart): Promise<void> {
    const shape = part?.shape ?? parameter.shape;
    const found = this.#existing(name, path);
    const located = this.#source.locate?.(found);
    if (located) {
      checkShape(found, located.shape, shape);
      parameter.stored = { ...located.stored, part };
      return;
    }
    const data = this.#begun.get(name) ?? (await this.read(name, shape, path));
    parameter.value = part ? partOf(data, part, parameter.shape) : data;
    if (part && hasMore(part, parameter.shape)) this.#begun.set(name, data);
    else this.#begun.delete(name);
  }

  /** The elements of a tensor, for the parameter at `path`; throws as {@link fill} does. */
  async read(name: string, shape: Shape, path: string): Promise<Float32Array> {
    const found = this.#existing(name, path);
    const published = await this.#source.readFloats(found);
    checkShape(found, published.shape, shape);
    ensure(
      areFinite(published.data),
      () => `tensor ${printable(found)} has elements that are not numbers or infinite; get undamaged weights`,
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

  /** As {@link fill} for what is both token embedding and head, and may stand there under either name; under both it must be the same. */
  async fillTied(parameter: Parameter, path: string, embedding: string, head: string): Promise<void> {
    if (this.has(head) && this.has(embedding)) {
      const [values, others] = [
        await this.read(head, parameter.shape, path),
        await this.read(embedding, parameter.shape, path),
      ];
      ensure(
        values.every((value, i) => value === others[i]),
        `${head} differs from ${embedding}, so the head is not the token embedding; build the model with tiedHead: false`,
      );
    }
    await this.fill(parameter, path, this.has(head) ? head : embedding);
  }

  #existing(name: string, path: string): string {
    const found = this.#find(name);
    ensure(found, `the weights have no tensor ${name}, which the model's ${path} is read from`);
    return found;
  }

  #find(name: string): string | undefined {
    return [name, this.#prefix + name].find((candidate) => this.#source.has(candidate));
  }
}

function checkShape(name: string, published: Shape, expected: Shape): void {
  ensure(
    sameShape(published, expected),
    () =>
      `tensor ${printable(name)} is ${formatShape(published)}, but the model's configuration needs ${formatShape(expected)}`,
  );
}
