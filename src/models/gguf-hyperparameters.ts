import { ensure } from '../core/errors.ts';
import type { GgufReader } from '../formats/gguf/index.ts';

/** The hyperparameters in the metadata of a GGUF file. The architecture is the prefix of every key, as in `llama.block_count`. */
export class Hyperparameters {
  readonly architecture: string;
  readonly #reader: GgufReader;

  constructor(architecture: string, reader: GgufReader) {
    this.architecture = architecture;
    this.#reader = reader;
  }

  has(key: string): boolean {
    return this.#reader.metadata.has(`${this.architecture}.${key}`);
  }

  /** A number. A fraction is read as the shortest decimal that rounds to the same float32, so 1e-5 stays 1e-5. */
  number(key: string, fallback?: number): number {
    return shortestDecimal(this.#reader.metadata.number(`${this.architecture}.${key}`, fallback));
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

  /** The number of rows of the token embedding, the only reliable source of the vocabulary size. */
  get vocabSize(): number {
    const embedding = this.#reader.tensors.get('token_embd.weight');
    ensure(embedding, 'it has no tensor token_embd.weight, the token embedding');
    const rows = embedding.shape[0] ?? 0;
    this.fixed('vocab_size', rows);
    return rows;
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
