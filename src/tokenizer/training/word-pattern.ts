import { patternOf, splitText } from '../hugging-face/pattern.ts';
import { isPatternName, type PatternName, wordPatterns } from './patterns.ts';
import { SpecialFinder } from './special-finder.ts';

/** How a text is cut into words: a named pattern, or a regular expression in Oniguruma's syntax, as in tokenizer.json. */
export type PatternChoice = PatternName | { regex: string };

/** So many 16-bit units must follow a cut that a pattern of the user's own is to allow. */
const heldBack = 4096;
/** The most places where such a cut is tried. */
const mostTries = 100;

/** Cuts texts into words, and says where a text that continues can be cut between two words. */
export class WordPattern {
  readonly specialTokens: SpecialFinder;
  readonly #regExp: RegExp;
  readonly #isNamed: boolean;

  /** @throws TsgptError if the regular expression is invalid or has no equivalent in JavaScript */
  constructor(pattern: PatternChoice, specialTokens: readonly string[]) {
    this.#isNamed = isPatternName(pattern);
    this.#regExp = patternOf({ Regex: isPatternName(pattern) ? wordPatterns[pattern] : pattern.regex });
    this.specialTokens = new SpecialFinder(specialTokens);
  }

  /** The words of a text without special tokens. What a pattern does not match is a word, too. */
  words(text: string): readonly string[] {
    const matches = text.match(this.#regExp) ?? [];
    let [matched, isSimple] = [0, true];
    for (const { length } of matches) {
      matched += length;
      isSimple &&= length > 0;
    }
    isSimple &&= matched === text.length;
    return isSimple ? matches : splitText(text, this.#regExp, 'Isolated', false);
  }

  /**
   * The last place, at most `limit`, where a text that continues can be cut: the words before and after it are the same as in the whole text. 0
   * if there is none.
   */
  lastCut(text: string, limit: number): number {
    return this.#isNamed ? lastNamedCut(text, limit) : this.#lastCut(text, limit);
  }

  /** A place where the words of the two parts are those that the text has there. A pattern may look ahead; so this needs more text after it. */
  #lastCut(text: string, limit: number): number {
    const last = Math.min(limit, text.length - heldBack);
    if (last <= 0) return 0;
    const ends = this.#ends(text, 0);
    let i = ends.findLastIndex((end) => end <= last);
    for (let tries = 0; tries < mostTries && i >= 0; tries++, i--) {
      const cut = ends[i]!;
      const from = ends[i - 64] ?? 0;
      const before = this.#ends(text.slice(0, cut), from);
      const after = this.#ends(text.slice(cut), 0);
      const expected = ends.slice(Math.max(0, i - 63));
      if (
        [...before, ...after.map((end) => end + cut)].every(
          (end, k, all) => end === expected[k] && all.length === expected.length,
        )
      ) {
        return cut;
      }
    }
    return 0;
  }

  /** Where the words of a text end that begins with a new word at `from`. */
  #ends(text: string, from: number): number[] {
    const ends: number[] = [];
    let last = from;
    const add = (end: number) => {
      if (end > last) ends.push(end);
      last = Math.max(last, end);
    };
    this.#regExp.lastIndex = from;
    for (let match = this.#regExp.exec(text); match; match = this.#regExp.exec(text)) {
      add(match.index);
      add(match.index + match[0].length);
      if (match[0] === '') this.#regExp.lastIndex += text.codePointAt(match.index)! > 0xffff ? 2 : 1;
    }
    this.#regExp.lastIndex = 0;
    add(text.length);
    return ends;
  }
}

const letterOrNumber = /^[\p{L}\p{N}]$/u;
const whiteSpace = /^\p{White_Space}$/u;

/**
 * In the named patterns no word goes on from a letter or number with anything else, and none from other characters with a space, except from white
 * space. None of them looks further than that.
 */
function lastNamedCut(text: string, limit: number): number {
  for (let place = Math.min(limit, text.length - 2); place > 0; place--) {
    const next = text.codePointAt(place)!;
    const unit = text.charCodeAt(place - 1);
    const isLowHalf = unit >= 0xdc00 && unit < 0xe000;
    const before = isLowHalf && place > 1 ? text.codePointAt(place - 2)! : unit;
    const [previous, following] = [String.fromCodePoint(before), String.fromCodePoint(next)];
    if (letterOrNumber.test(previous) ? !letterOrNumber.test(following) : next === 0x20 && !whiteSpace.test(previous)) {
      return place;
    }
  }
  return 0;
}
