import { ensure } from '../../core/errors.ts';
import { quoted } from '../../core/printable.ts';
import { unescaped } from './string-literal.ts';
import { space, trimEnd } from './whitespace.ts';

export type TokenKind =
  | 'text'
  | 'begin'
  | 'end'
  | 'name'
  | 'string'
  | 'integer'
  | 'float'
  | 'operator'
  | 'end of template';

export interface Token {
  kind: TokenKind;
  value: string;
  /** Counted from 1. */
  line: number;
}

const opening = /\{[{%#][-+]?/g;
/** Where tags end, with the white space that goes with them: all of it after a minus sign, the end of the line after a block. */
const closings = {
  '{{': new RegExp(`-\\}\\}${space}*|\\}\\}`, 'y'),
  '{%': new RegExp(`\\+%\\}|-%\\}${space}*|%\\}\\n?`, 'y'),
  '{#': new RegExp(`\\+#\\}|-#\\}${space}*|#\\}\\n?`, 'g'),
};
const rawOpening = new RegExp(`\\{%[-+]?${space}*raw${space}*(?:-%\\}${space}*|%\\})`, 'y');
const rawClosing = new RegExp(`\\{%([-+]?)${space}*endraw${space}*(?:\\+%\\}|-%\\}${space}*|%\\}\\n?)`, 'g');

const spaces = new RegExp(`${space}+`, 'y');
const digits = '\\d+(?:_\\d+)*';
const tokenKinds: [TokenKind, RegExp][] = [
  ['float', new RegExp(`(?<!\\.)${digits}(?:(?:\\.${digits})?[eE][+-]?${digits}|\\.${digits})`, 'y')],
  ['integer', /0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*/y],
  ['name', /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*/uy],
  ['string', /'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*"/sy],
  ['operator', /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}<>=.:|,;]/y],
];

const brackets: Record<string, string> = { '(': ')', '[': ']', '{': '}' };

/**
 * The tokens of a template, with white space treated as in Hugging Face's chat templates (`trim_blocks` and `lstrip_blocks`): a block alone on
 * its line leaves no trace of the line. Comments are left out. https://jinja.palletsprojects.com/en/stable/templates/#whitespace-control
 */
export function tokenize(template: string): Token[] {
  return new Lexer(template).tokens();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #position = 0;
  #line = 1;
  /** Where {@link #line} was last counted. */
  #counted = 0;

  constructor(template: string) {
    // Every end of line is one character, and the one at the end of the template is not part of it.
    this.#source = template.replace(/\r\n?/g, '\n').replace(/\n$/, '');
  }

  tokens(): Token[] {
    for (;;) {
      const raw = this.#nextTag();
      if (raw === undefined) break;
      if (raw === '{#') this.#comment();
      else if (raw !== 'raw') this.#tag(raw);
    }
    this.#add('end of template', '');
    return this.#tokens;
  }

  /** Adds the text up to the next tag and goes to the tag's content. */
  #nextTag(): '{{' | '{%' | '{#' | 'raw' | undefined {
    const from = this.#position;
    opening.lastIndex = from;
    const found = opening.exec(this.#source);
    if (!found) {
      this.#text(this.#source.slice(from));
      this.#position = this.#source.length;
      return undefined;
    }
    const kind = found[0].slice(0, 2) as '{{' | '{%' | '{#';
    this.#textBefore(from, found.index, found[0].slice(2), kind !== '{{');
    this.#position = found.index;
    const raw = this.#match(rawOpening);
    if (raw !== undefined) {
      this.#raw();
      return 'raw';
    }
    this.#position += found[0].length;
    return kind;
  }

  /** Adds the text between two places, without the white space that the sign of the tag behind it takes away. */
  #textBefore(from: number, to: number, sign: string, isBlock: boolean): void {
    let text = this.#source.slice(from, to);
    if (sign === '-') text = trimEnd(text);
    else if (sign !== '+' && isBlock) {
      const lineStart = text.lastIndexOf('\n') + 1;
      const beginsLine = lineStart > 0 || from === 0 || this.#source[from - 1] === '\n';
      if (beginsLine && trimEnd(text.slice(lineStart)) === '') text = text.slice(0, lineStart);
    }
    this.#text(text);
  }

  #text(text: string): void {
    if (text !== '') this.#add('text', text);
  }

  #raw(): void {
    rawClosing.lastIndex = this.#position;
    const end = rawClosing.exec(this.#source);
    this.#ensure(end, '{% raw %} is never closed; {% endraw %} is missing');
    this.#textBefore(this.#position, end.index, end[1]!, true);
    this.#position = rawClosing.lastIndex;
  }

  #comment(): void {
    const end = closings['{#'];
    end.lastIndex = this.#position;
    this.#ensure(end.test(this.#source), 'a comment is never closed; #} is missing');
    this.#position = end.lastIndex;
  }

  #tag(kind: '{{' | '{%'): void {
    this.#add('begin', kind);
    const open: string[] = [];
    for (;;) {
      this.#match(spaces);
      if (open.length === 0 && this.#match(closings[kind]) !== undefined) break;
      this.#ensure(this.#position < this.#source.length, `${kind} is never closed`);
      const { kind: tokenKind, value } = this.#token();
      if (tokenKind !== 'operator') continue;
      if (value in brackets) open.push(brackets[value]!);
      else if (')]}'.includes(value)) {
        const expected = open.pop();
        this.#ensure(
          value === expected,
          expected ? `found ${value} where ${expected} should be` : `nothing was opened that ${value} could close`,
        );
      }
    }
    this.#add('end', kind);
  }

  #token(): Token {
    const line = this.#lineHere();
    for (const [kind, pattern] of tokenKinds) {
      const found = this.#match(pattern);
      if (found !== undefined) return this.#add(kind, kind === 'string' ? unescaped(found.slice(1, -1)) : found, line);
    }
    const character = String.fromCodePoint(this.#source.codePointAt(this.#position)!);
    this.#ensure(!`'"`.includes(character), 'a string is never closed');
    this.#ensure(false, `did not expect ${quoted(character)}`);
  }

  /** What stands here, if it matches; then goes on behind it. */
  #match(sticky: RegExp): string | undefined {
    sticky.lastIndex = this.#position;
    const [found] = sticky.exec(this.#source) ?? [];
    if (found !== undefined) this.#position += found.length;
    return found;
  }

  #add(kind: TokenKind, value: string, line = this.#lineHere()): Token {
    const token = { kind, value, line };
    this.#tokens.push(token);
    return token;
  }

  #lineHere(): number {
    for (; this.#counted < this.#position; this.#counted++) if (this.#source[this.#counted] === '\n') this.#line++;
    return this.#line;
  }

  #ensure(condition: unknown, problem: string): asserts condition {
    ensure(condition, () => `line ${this.#lineHere()}: ${problem}`);
  }
}
