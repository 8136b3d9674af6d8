import { ensure } from '../../core/errors.ts';
import { quoted } from '../../core/printable.ts';
import type { Token, TokenKind } from './lexer.ts';

/** The tokens of a template, read one after the other. */
export class TokenStream {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get current(): Token {
    return this.#tokens[this.#next]!;
  }

  get line(): number {
    return this.current.line;
  }

  /** Whether the current token, or one `ahead`, is of this kind and value. */
  is(kind: TokenKind, value?: string, ahead = 0): boolean {
    const token = this.#tokens[this.#next + ahead];
    return token?.kind === kind && (value === undefined || token.value === value);
  }

  /** The token `ahead` of the current one, or before it. */
  peek(ahead: number): Token {
    return this.#tokens[this.#next + ahead]!;
  }

  isOperator(...values: string[]): boolean {
    return this.current.kind === 'operator' && values.includes(this.current.value);
  }

  isName(...values: string[]): boolean {
    return this.current.kind === 'name' && values.includes(this.current.value);
  }

  /** Reads the current token. */
  read(): Token {
    const token = this.current;
    if (token.kind !== 'end of template') this.#next++;
    return token;
  }

  /** Reads the current token if it is this one. */
  skip(kind: TokenKind, value?: string): boolean {
    const isHere = this.is(kind, value);
    if (isHere) this.read();
    return isHere;
  }

  /** Reads the current token, which must be this one. */
  expect(kind: TokenKind, value?: string): Token {
    if (!this.is(kind, value)) this.fail(`expected ${value ?? `a ${kind}`}, but found ${this.found()}`);
    return this.read();
  }

  fail(problem: string, line = this.line): never {
    ensure(false, `line ${line}: ${problem}`);
  }

  /** The current token in words. */
  found(): string {
    const { kind, value } = this.current;
    if (kind === 'end') return 'the end of the tag';
    if (kind === 'end of template' || kind === 'text') return `the ${kind}`;
    return quoted(value);
  }
}
