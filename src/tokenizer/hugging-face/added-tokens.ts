import * as v from 'valibot';
import { MAX_IDS } from '../bpe.ts';
import { escapeRegExp } from './pattern.ts';

/** A token that is matched in the text literally, before anything is merged. */
export interface AddedToken {
  id: number;
  content: string;
  /** Whether it matches only without a letter, digit or underscore beside it. */
  single_word: boolean;
  /** Whether it includes the white space before it. */
  lstrip: boolean;
  /** Whether it includes the white space after it. */
  rstrip: boolean;
  /** Whether it is matched in the normalised text instead of the original. */
  normalized: boolean;
  /** Whether it is a control token such as `<s>`, which untrusted text must not be able to write. */
  special: boolean;
}

const flag = v.nullish(v.boolean(), false);

export const isTokenId = (id: number) => Number.isInteger(id) && id >= 0 && id < MAX_IDS;

export const addedTokenSchema: v.GenericSchema<unknown, AddedToken> = v.pipe(
  v.object({
    id: v.pipe(v.number(), v.check(isTokenId, 'an id must be a whole number of at least 0, below 2^21')),
    content: v.string(),
    single_word: flag,
    lstrip: flag,
    rstrip: flag,
    normalized: v.nullish(v.boolean()),
    special: flag,
  }),
  v.transform((token) => ({ ...token, normalized: token.normalized ?? !token.special })),
);

/** A part of a text cut at added tokens: the id of one, or the text between two and its start position. */
export type Section = number | { text: string; start: number };

/** Cuts a text at every occurrence of `tokens`; the leftmost match wins, and at one position the longest. */
export function addedTokenSplitter(tokens: readonly AddedToken[]): (text: string) => Section[] {
  const byContent = new Map(tokens.filter(({ content }) => content !== '').map((token) => [token.content, token]));
  if (byContent.size === 0) return (text) => (text === '' ? [] : [{ text, start: 0 }]);
  const longestFirst = [...byContent.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map(escapeRegExp).join('|'), 'gu');

  return (text) => {
    const sections: Section[] = [];
    let done = 0;
    for (const { 0: content, index } of text.matchAll(pattern)) {
      const token = byContent.get(content)!;
      let start = index;
      let end = index + content.length;
      if (token.single_word && (endsInWord(text, start) || beginsWithWord(text, end))) continue;
      if (token.lstrip) while (start > done && isSpace(text[start - 1])) start--;
      if (token.rstrip) while (end < text.length && isSpace(text[end])) end++;
      if (start > done) sections.push({ text: text.slice(done, start), start: done });
      sections.push(token.id);
      done = end;
    }
    if (done < text.length) sections.push({ text: text.slice(done), start: done });
    return sections;
  };
}

// Two of a string's 16-bit units hold the character before or after a place.
const endsInWord = (text: string, end: number) =>
  /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}]$/u.test(text.slice(Math.max(0, end - 2), end));
const beginsWithWord = (text: string, start: number) =>
  /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}]/u.test(text.slice(start, start + 2));
const isSpace = (character: string | undefined) => /\p{White_Space}/u.test(character!);
