import * as v from 'valibot';
import { ensure } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { MAX_IDS } from '../bpe.ts';
import { escapeRegExp } from './pattern.ts';
import type { TokenizerConfig, TokenizerFile } from './tokenizer-json.ts';

/** A token that is found in a text as it stands, before anything is merged. */
export interface AddedToken {
  id: number;
  content: string;
  /** Found only where no letter, digit or underscore stands beside it. */
  single_word: boolean;
  /** Takes in the white space before it. */
  lstrip: boolean;
  /** Takes in the white space after it. */
  rstrip: boolean;
  /** Looked for in the normalised text, not in the original. */
  normalized: boolean;
  /** A control token such as `<s>`, which a text from outside should not be able to write. */
  special: boolean;
}

const flag = v.optional(v.boolean(), false);

export const isTokenId = (id: number) => Number.isInteger(id) && id >= 0 && id < MAX_IDS;

export const addedTokenSchema: v.GenericSchema<unknown, AddedToken> = v.pipe(
  v.object({
    id: v.pipe(v.number(), v.check(isTokenId, 'an id must be a whole number of at least 0, below 2^21')),
    content: v.string(),
    single_word: flag,
    lstrip: flag,
    rstrip: flag,
    normalized: v.optional(v.boolean()),
    special: flag,
  }),
  v.transform((token) => ({ ...token, normalized: token.normalized ?? !token.special })),
);

/** What GPT-2's token between documents is called, and that of many models whose files name none. */
export const DEFAULT_END_OF_TEXT = '<|endoftext|>';

/**
 * The added tokens of both files. Those for the beginning and the end of a text and for padding are special whether they
 * are listed or not. Throws a TsgptError if one of them is not in the vocabulary.
 */
export function allAddedTokens({ added_tokens, model }: TokenizerFile, config: TokenizerConfig): AddedToken[] {
  const byContent = new Map<string, AddedToken>();
  for (const token of [...config.added_tokens_decoder, ...added_tokens]) {
    // Like the original, believe the vocabulary where the two disagree.
    byContent.set(token.content, { ...token, id: model.vocab.get(token.content) ?? token.id });
  }
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const { bos_token, pad_token } = config;
  const eos_token = config.eos_token ?? (model.vocab.has(DEFAULT_END_OF_TEXT) ? DEFAULT_END_OF_TEXT : undefined);
  for (const [role, content] of Object.entries({ bos_token, eos_token, pad_token })) {
    if (content === undefined || byContent.has(content)) continue;
    const id = model.vocab.get(content);
    ensure(
      id !== undefined,
      `this tokenizer cannot be used: its ${role} ${printable(content)} is not in its vocabulary`,
    );
    byContent.set(content, { id, content, ...flags });
  }
  return [...byContent.values()];
}

/** A text cut at added tokens: their ids, and what stands between them with the place where it begins. */
export type Section = number | { text: string; start: number };

/** Cuts a text at every occurrence of `tokens`; the leftmost comes first, and of those at one place the longest. */
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
