import { ensure } from '../core/errors.ts';
import type { GgufReader } from '../formats/gguf/index.ts';

/** What a configuration is read from: a GGUF file, or the parts of one model. */
export type GgufSource = Pick<GgufReader, 'metadata' | 'tensors' | 'has' | 'readFloats'>;

/** The hyperparameters in the metadata of a GGUF file. The architecture is the prefix of every key, as in `llama.block_count`. */
export class Hyperparameters {
  readonly architecture: string;
  readonly #reader: GgufSource;

  constructor(architecture: string, reader: GgufSource) {
    this.architecture = architecture;
    this.#reader = reader;
  }

  has(key: string): boolean {
    return this.#reader.metadata.has(`${this.architecture}.${key}`);
  }

  /**
   * A number, or a list with an equal one for each layer. A fraction is read as the shortest decimal that rounds to the same float32, so 1e-5
   * stays 1e-5.
   */
  number(key: string, fallback?: number): number {
    const { metadata } = this.#reader;
    const name = `${this.architecture}.${key}`;
    if (!metadata.typeOf(name)?.startsWith('array of ')) return shortestDecimal(metadata.number(name, fallback));
    const perLayer = metadata.numbers(name);
    const [first] = perLayer;
    ensure(first !== undefined, () => `its ${name} is an empty list, but a number is expected`);
    const other = perLayer.findIndex((value) => value !== first);
    ensure(
      other < 0,
      () =>
        `its ${name} is ${first} in layer 0, but ${perLayer[other]} in layer ${other}; only equal layers are supported`,
    );
    return shortestDecimal(first);
  }

  text(key: string, fallback: string): string {
    return this.#reader.metadata.string(`${this.architecture}.${key}`, fallback);
  }

  /** Throws a TsgptError if the file has another value, which would change the computation. */
  fixed(key: string, value: number | boolean): void {
    if (!this.has(key)) return;
    const found =
      typeof value === 'number' ? this.number(key) : this.#reader.metadata.boolean(`${this.architecture}.${key}`);
    ensure(found === value, () => `its ${this.architecture}.${key} is ${found}, but only ${value} is supported`);
  }

  /** The number of rows of the token embedding. The file's `vocab_size` and list of tokens may be shorter or longer. */
  get vocabSize(): number {
    const embedding = this.#reader.tensors.get('token_embd.weight');
    ensure(embedding, 'it has no tensor token_embd.weight, the token embedding');
    return embedding.shape[0] ?? 0;
  }
}

/** The decimal with the fewest digits that rounds to the same float32. */
function shortestDecimal(value: number): number {
  if (Number.isInteger(value) || Math.fround(value) !== value) return value;
  for (let digits = 1; ; digits++) {
    const decimal = Number(value.toPrecision(digits));
    if (Math.fround(decimal) === value) return decimal;
  }
}
