import { ensureCount } from '../core/kind.ts';
import { AcceptanceRate, checkGuessing, type Draft, type Guess, type GuessOptions } from './draft.ts';

/** The most tokens guessed at a time. */
const mostGuesses = 16;
/** Tokens in the shortest match. */
const shortest = 2;
/** Matches of this length and longer are judged alike. */
const longest = 8;
/** The most earlier places that are compared. */
const mostPlaces = 16;

/**
 * Guesses from the text so far, without a second model (prompt look-up decoding: Saxena, 2023): where the last tokens occurred before, what
 * followed then may follow again. It pays in text that repeats itself, such as changes to code or summaries with quotations.
 *
 * A draft remembers one text; make a new one for each.
 */
export class LookupDraft implements Draft {
  #text: number[] = [];
  /** The places after each pair of tokens, by the pair. */
  readonly #places = new Map<string, number[]>();
  /** How often guesses are right after matches of each length. */
  readonly #rates = Array.from({ length: longest + 1 }, () => new AcceptanceRate());
  #last = { length: 0, guessed: 0 };

  guess(ids: readonly number[], options: GuessOptions): Guess[] {
    checkGuessing(ids, options);
    const { most, cost } = options;
    this.#read(ids);
    const { place, length } = this.#longestMatch();
    const count = length === 0 ? 0 : this.#rates[length]!.worthwhile(cost, Math.min(most, mostGuesses));
    const guesses: Guess[] = [];
    // A match that overlaps the end repeats itself: its guesses continue with earlier guesses.
    const at = (i: number) => this.#text[i] ?? guesses[i - this.#text.length]!.id;
    for (let i = 0; i < count; i++) guesses.push({ id: at(place + i) });
    this.#last = { length, guessed: count };
    return guesses;
  }

  learn(accepted: number): void {
    ensureCount('the number of accepted guesses', accepted, 0);
    this.#rates[this.#last.length]!.learn(accepted, this.#last.guessed);
  }

  /** Takes in the tokens that are new. A text that is not a continuation of the last one is read from its beginning. */
  #read(ids: readonly number[]): void {
    const known = this.#text.length;
    if (known > ids.length || this.#text.at(-1) !== ids[known - 1]) {
      this.#text = [];
      this.#places.clear();
    }
    for (let i = this.#text.length; i < ids.length; i++) {
      this.#text.push(ids[i]!);
      // The place after the pair that ends one token earlier: nothing follows the last pair yet.
      if (i < shortest) continue;
      const pair = `${ids[i - 2]} ${ids[i - 1]}`;
      const places = this.#places.get(pair);
      if (places) places.push(i);
      else this.#places.set(pair, [i]);
    }
  }

  /** The earlier place, of the latest ones, before which most tokens are the same as the last ones; the latest of equal ones. */
  #longestMatch(): { place: number; length: number } {
    const text = this.#text;
    const places = this.#places.get(`${text.at(-2)} ${text.at(-1)}`) ?? [];
    const best = { place: 0, length: 0 };
    for (let i = places.length - 1; i >= Math.max(0, places.length - mostPlaces); i--) {
      let length = shortest;
      const place = places[i]!;
      while (length < longest && place > length && text[place - 1 - length] === text[text.length - 1 - length])
        length++;
      if (length > best.length) Object.assign(best, { place, length });
    }
    return best;
  }
}
