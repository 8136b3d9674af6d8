import { toRegExp } from 'oniguruma-to-es';
import * as v from 'valibot';
import { TsgptError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';

/** What a tokenizer.json looks for in a text: a string, or a regular expression in the syntax of Oniguruma. */
export type PatternJSON = { String: string } | { Regex: string };

export const patternSchema = v.union(
  [v.object({ String: v.string() }), v.object({ Regex: v.string() })],
  'a pattern must be {"String": "..."} or {"Regex": "..."}',
);

/**
 * The pattern as a JavaScript regular expression, with the flag `g`. It must be translated: Oniguruma's `\s` and `\d` are Unicode's, and
 * `(?i:...)` and `++` are new in JavaScript or missing.
 */
export function patternOf(pattern: PatternJSON): RegExp {
  if ('String' in pattern) return new RegExp(escapeRegExp(pattern.String), 'gu');
  try {
    return toRegExp(pattern.Regex, { global: true });
  } catch (cause) {
    throw new TsgptError(
      `this tokenizer cannot be used: its pattern ${printable(pattern.Regex)} has no equivalent in JavaScript`,
      { cause },
    );
  }
}

/** A pattern that matches exactly this string. */
export function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** What happens to the matches when a text is split at them. */
export const splitBehaviors = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;
export type SplitBehavior = (typeof splitBehaviors)[number];

/** The parts of `text`: matches of `pattern` and the text between them, joined as `behavior` says. `invert` swaps the two. No part is empty. */
export function splitText(text: string, pattern: RegExp, behavior: SplitBehavior, invert: boolean): string[] {
  const parts = partsOf(text, pattern);
  if (invert) for (const part of parts) part.isMatch = !part.isMatch;
  switch (behavior) {
    case 'Isolated':
      return parts.map((part) => part.text);
    case 'Removed':
      return parts.filter((part) => !part.isMatch).map((part) => part.text);
    case 'Contiguous':
      return joined(parts, (previous, next) => previous.isMatch === next.isMatch);
    case 'MergedWithPrevious':
      return joined(parts, (previous, next) => next.isMatch && !previous.isMatch);
    case 'MergedWithNext':
      return joined(parts, (previous, next) => previous.isMatch && !next.isMatch);
  }
}

interface TextPart {
  text: string;
  isMatch: boolean;
}

function partsOf(text: string, pattern: RegExp): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  const add = (to: number, isMatch: boolean) => {
    if (to > end) parts.push({ text: text.slice(end, to), isMatch });
    end = to;
  };
  for (const match of text.matchAll(pattern)) {
    add(match.index, false);
    add(match.index + match[0].length, true);
  }
  add(text.length, false);
  return parts;
}

/** Joins every part to the one before it if `belong` says that the two belong together. */
function joined(parts: readonly TextPart[], belong: (previous: TextPart, next: TextPart) => boolean): string[] {
  const groups: string[] = [];
  parts.forEach((part, i) => {
    if (i > 0 && belong(parts[i - 1]!, part)) groups[groups.length - 1] += part.text;
    else groups.push(part.text);
  });
  return groups;
}
