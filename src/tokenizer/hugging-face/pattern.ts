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
 * The pattern as a regular expression of JavaScript, with the flag `g`. Written as it stands it would mean something else, or
 * nothing: Oniguruma's `\s` and `\d` are Unicode's, `(?i:...)` and `++` are new to JavaScript or missing there.
 */
export function patternOf(pattern: PatternJSON): RegExp {
  if ('String' in pattern) return new RegExp(escapeRegExp(pattern.String), 'gu');
  try {
    return toRegExp(pattern.Regex, { global: true });
  } catch (cause) {
    throw new TsgptError(
      `this tokenizer cannot be used: its pattern ${printable(pattern.Regex)} has no counterpart in JavaScript`,
      { cause },
    );
  }
}

/** A pattern for just this string. */
export function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
