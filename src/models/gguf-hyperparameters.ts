import { ensure } from '../core/errors.ts';
import type { GgufReader } from '../formats/gguf/index.ts';

/** What the metadata of a GGUF file say of its model, each under the name of the architecture: `llama.block_count`, for example. */
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

  /** A number; one with a fraction is the shortest decimal of its float32, so that 1e-5 is 1e-5 again. */
  number(key: string, fallback?: number): number {
    return shortestDecimal(this.#reader.metadata.number(`${this.architecture}.${key}`, fallback));
  }

  text(key: string, fallback: string): string {
    return this.#reader.metadata.string(`${this.architecture}.${key}`, fallback);
  }

  /** Throws if there is a value that differs, which would mean another computation. */
  fixed(key: string, value: number | boolean): void {
    if (!this.has(key)) return;
    const found =
      typeof value === 'number' ? this.number(key) : this.#reader.metadata.boolean(`${this.architecture}.${key}`);
    ensure(found === value, () => `its ${this.architecture}.${key} is ${found}, but only ${value} is supported`);
  }

  /** Rows of the token embedding; nothing else says for sure how many tokens there are. */
  get vocabSize(): number {
    const embedding = this.#reader.tensors.get('token_embd.weight');
    ensure(embedding, 'it has no tensor token_embd.weight, the token embedding');
    const rows = embedding.shape[0] ?? 0;
    this.fixed('vocab_size', rows);
    return rows;
  }
}

/** The decimal of the fewest digits that rounds to the same float32. */
function shortestDecimal(value: number): number {
  if (Number.isInteger(value) || Math.fround(value) !== value) return value;
  for (let digits = 1; ; digits++) {
    const decimal = Number(value.toPrecision(digits));
    if (Math.fround(decimal) === value) return decimal;
  }
}
