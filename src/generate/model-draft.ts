import { ensure } from '../core/errors.ts';
import { ensureCount, ensureKind } from '../core/kind.ts';
import type { Decoder } from './decoder.ts';
import { AcceptanceRate, checkGuessing, type Draft, type Guess, type GuessOptions } from './draft.ts';
import type { KVCache } from './kv-cache.ts';
import { draw, tokenProbabilities } from './sampling.ts';

/** The most tokens guessed at a time. */
const mostGuesses = 8;

/**
 * Guesses with a smaller model that has the same tokenizer (Leviathan et al., 2023). It pays where the smaller model is much faster and often
 * chooses as the larger one does.
 *
 * A draft remembers one text at a time, and uses the decoder without owning it.
 */
export class ModelDraft implements Draft {
  readonly #decoder: Decoder;
  readonly #costOfGuess: number;
  readonly #cache: KVCache;
  /** The tokens in the cache: those of the text from {@link #start} on. */
  #read: number[] = [];
  #start = 0;
  readonly #rate = new AcceptanceRate();
  #guessed = 0;

  /** `model` is the model that will check the guesses. */
  constructor(decoder: Decoder, model: Decoder) {
    ensureKind('ModelDraft', 'a decoder', decoder, 'config', 'append', 'createCache');
    ensureKind('ModelDraft', 'the decoder whose tokens to guess', model, 'config', 'weightBytes');
    const [ours, theirs] = [decoder.config.vocabSize, model.config.vocabSize];
    ensure(ours === theirs, `a draft needs the model's own tokens, but it has ${ours} and the model ${theirs}`);
    this.#decoder = decoder;
    this.#costOfGuess = decoder.weightBytes / model.weightBytes;
    ensure(
      decoder.config.contextLength > 2 * mostGuesses,
      `a draft needs a context of more than ${2 * mostGuesses} tokens, but has ${decoder.config.contextLength}`,
    );
    this.#cache = decoder.createCache();
  }

  async guess(ids: readonly number[], options: GuessOptions): Promise<Guess[]> {
    checkGuessing(ids, options);
    const { most, cost, sampling, random } = options;
    const count = this.#rate.worthwhile(cost + this.#costOfGuess, Math.min(most, mostGuesses));
    this.#guessed = count;
    if (count === 0) return [];
    const guesses: Guess[] = [];
    const history = [...ids];
    let unread = this.#unread(ids, count);
    while (guesses.length < count) {
      const [logits] = await this.#decoder.append(this.#cache, [unread]);
      this.#read.push(...unread);
      const probabilities = tokenProbabilities(logits!, sampling, history);
      const id = draw(probabilities.keys(), probabilities, random);
      guesses.push({ id, probabilities });
      history.push(id);
      unread = [id];
    }
    return guesses;
  }

  learn(accepted: number): void {
    ensureCount('the number of accepted guesses', accepted, 0);
    this.#rate.learn(accepted, this.#guessed);
  }

  /**
   * The tokens of the text that the cache does not hold yet. Forgets what is no longer part of the text. Of a text that outgrows the cache, it
   * reads the end again.
   */
  #unread(ids: readonly number[], count: number): readonly number[] {
    const { capacity } = this.#cache;
    if (ids.length <= this.#start) this.#start = 0; // another text
    if (ids.length - this.#start + count > capacity) {
      this.#start = ids.length - Math.max(1, Math.floor((capacity * 7) / 8) - count);
    }
    const text = ids.slice(this.#start);
    let common = 0;
    while (common < Math.min(this.#read.length, text.length - 1) && this.#read[common] === text[common]) common++;
    this.#cache.truncate(0, common);
    this.#read.length = common;
    return text.slice(common);
  }
}
