import { type Compiled, compile } from '../compile/index.ts';
import { ensure } from '../core/errors.ts';
import { areFinite } from '../core/finite.ts';
import { fromArray, type Tensor } from '../tensor/index.ts';

/**
 * The least that a model needs to write text. The features of a token must not depend on later tokens. A `LanguageModel`, which also has a
 * key-value cache, writes faster, with a `Decoder`.
 */
export interface NextTokenModel {
  readonly config: { readonly vocabSize: number; readonly contextLength: number };
  /** int32 `[batch, time]` → the features that the output head reads, `[batch, time, width]`. */
  features(tokens: Tensor): Tensor;
  /** `[..., width]` → logits `[..., vocabSize]`. */
  unembed(features: Tensor): Tensor;
}

/** The tokens of several texts that a reader without a cache has read. */
export class ReadTokens {
  readonly ids: number[][];
  /** The most tokens of each text. */
  readonly capacity: number;

  constructor(batchSize: number, capacity: number) {
    this.ids = Array.from({ length: batchSize }, () => []);
    this.capacity = capacity;
  }

  get lengths(): number[] {
    return this.ids.map(({ length }) => length);
  }

  /** Forgets all but the first `length` tokens of a text. */
  truncate(text: number, length: number): void {
    this.ids[text]!.length = length;
  }
}

/** Reads texts with a model without a cache: every new token needs a pass over the whole text. */
export class WholePasses {
  readonly config: NextTokenModel['config'];
  readonly #logits: Compiled;

  constructor(model: NextTokenModel) {
    this.config = model.config;
    this.#logits = compile((tokens, last) => {
      const features = model.features(tokens!); // [batch, time, width]
      return [model.unembed(features.reshape([-1, features.shape.at(-1)!]).rows(last!))]; // [batch, vocabSize]
    });
  }

  createCache({ batchSize, capacity }: { batchSize: number; capacity: number }): ReadTokens {
    return new ReadTokens(batchSize, capacity);
  }

  /** Appends `tokens[i]` to text `i` and computes the logits of the next token; undefined for a text without new tokens. */
  async append(texts: ReadTokens, tokens: readonly (readonly number[])[]): Promise<(Float32Array | undefined)[]> {
    const { vocabSize, contextLength } = this.config;
    for (const [text, ids] of tokens.entries()) {
      const outside = ids.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabSize));
      ensure(outside === undefined, () => `token id ${outside} is not one of the model's ${vocabSize} tokens`);
      texts.ids[text]!.push(...ids);
    }
    const longest = Math.max(...texts.lengths);
    // Each length needs its own graph, so lengths are rounded up to powers of 2. The padding comes after a text's last token.
    const time = Math.min(contextLength, 2 ** Math.ceil(Math.log2(longest)));
    const batch = new Int32Array(tokens.length * time);
    for (const [text, ids] of texts.ids.entries()) batch.set(ids, text * time);
    const last = Int32Array.from(texts.ids, ({ length }, text) => text * time + Math.max(0, length - 1));
    const args = [fromArray(batch, [tokens.length, time]), fromArray(last, [tokens.length])];
    const [logits] = (await this.#logits.run(args)) as [Float32Array];
    ensure(areFinite(logits), 'the model computes infinity or NaN; its weights are damaged or too large');
    return tokens.map(({ length }, text) =>
      length > 0 ? logits.subarray(text * vocabSize, (text + 1) * vocabSize) : undefined,
    );
  }

  /** Frees nothing: the weights belong to the model. */
  async dispose(): Promise<void> {}
}
