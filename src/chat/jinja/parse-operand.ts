import { mostDigits } from './arithmetic.ts';
import type { Token } from './lexer.ts';
import type { CallArguments, Expression, Filter } from './syntax.ts';
import { TokenStream } from './token-stream.ts';
import type { Value } from './values.ts';

const constants = new Map<string, Value>([
  ...(['true', 'True'] as const).map((name) => [name, true] as const),
  ...(['false', 'False'] as const).map((name) => [name, false] as const),
  ...(['none', 'None'] as const).map((name) => [name, null] as const),
]);

const noArguments: CallArguments = { positional: [], named: [] };

/** Reads what stands between operators: names, numbers, texts, lists and dicts, with their fields, calls, filters and tests. */
export abstract class OperandParser {
  protected readonly tokens: TokenStream;
  /** The names read so far, in the current macro. */
  protected reads = new Set<string>();

  constructor(tokens: readonly Token[]) {
    this.tokens = new TokenStream(tokens);
  }

  protected abstract expression(): Expression;
  protected abstract tuple(options?: { isEmptyAllowed?: boolean }): Expression;

  protected primary(): Expression {
    const { tokens } = this;
    const { kind, value, line } = tokens.current;
    if (kind === 'name') {
      tokens.read();
      this.reads.add(value);
      return constants.has(value)
        ? { kind: 'literal', value: constants.get(value)!, line }
        : { kind: 'name', name: value, line };
    }
    if (kind === 'string') {
      let text = '';
      while (tokens.is('string')) text += tokens.read().value;
      return { kind: 'literal', value: text, line };
    }
    if (kind === 'integer') return { kind: 'literal', value: this.#integer(), line };
    if (kind === 'float') return { kind: 'literal', value: Number(tokens.read().value.replaceAll('_', '')), line };
    if (tokens.skip('operator', '(')) {
      const inside = this.tuple({ isEmptyAllowed: true });
      tokens.expect('operator', ')');
      return inside;
    }
    if (tokens.skip('operator', '[')) return { kind: 'list', items: this.#until(']', () => this.expression()), line };
    if (tokens.skip('operator', '{')) return { kind: 'dict', entries: this.#until('}', () => this.#entry()), line };
    return tokens.fail(`expected an expression, but found ${tokens.found()}`);
  }

  #entry(): [Expression, Expression] {
    const key = this.expression();
    this.tokens.expect('operator', ':');
    return [key, this.expression()];
  }

  #integer(): bigint {
    const literal = this.tokens.current.value.replaceAll('_', '');
    if (literal.length > mostDigits) this.tokens.fail(`a number has more than ${mostDigits} digits`);
    this.tokens.read();
    return BigInt(literal);
  }

  /** Things between commas, up to a closing bracket. */
  #until<T>(close: string, read: () => T): T[] {
    const { tokens } = this;
    const found: T[] = [];
    while (!tokens.is('operator', close)) {
      if (found.length > 0) tokens.expect('operator', ',');
      if (tokens.is('operator', close)) break;
      found.push(read());
    }
    tokens.read();
    return found;
  }

  /** Fields, items and calls: `a.b`, `a[0]`, `a(1)`. */
  protected postfix(start: Expression): Expression {
    let expression = start;
    for (;;) {
      const { line } = this.tokens;
      if (this.tokens.skip('operator', '.')) expression = this.#field(expression, line);
      else if (this.tokens.skip('operator', '[')) expression = this.#subscript(expression, line);
      else if (this.tokens.is('operator', '(')) expression = this.#call(expression);
      else return expression;
    }
  }

  #call(callee: Expression): Expression {
    const { line } = this.tokens;
    return { kind: 'call', callee, arguments: this.callArguments(), line };
  }

  #field(of: Expression, line: number): Expression {
    const { tokens } = this;
    if (tokens.is('integer')) {
      return { kind: 'item', of, key: { kind: 'literal', value: this.#integer(), line }, line };
    }
    return { kind: 'attribute', of, name: tokens.expect('name').value, line };
  }

  #subscript(of: Expression, line: number): Expression {
    const { tokens } = this;
    const bounds: (Expression | undefined)[] = [];
    let colons = 0;
    while (!tokens.is('operator', ']')) {
      if (colons < 2 && tokens.skip('operator', ':')) colons++;
      else if (bounds[colons]) break;
      else bounds[colons] = this.expression();
    }
    tokens.expect('operator', ']');
    const [start, stop, step] = bounds;
    if (colons > 0) return { kind: 'slice', of, start, stop, step, line };
    return start ? { kind: 'item', of, key: start, line } : tokens.fail('expected an index between the brackets', line);
  }

  protected callArguments(): CallArguments {
    const { tokens } = this;
    const given: CallArguments = { positional: [], named: [] };
    tokens.expect('operator', '(');
    this.#until(')', () => {
      if (given.others) tokens.fail('** must be the last argument');
      if (tokens.skip('operator', '**')) given.others = this.expression();
      else if (tokens.is('operator', '*')) {
        if (given.more) tokens.fail('only one argument may begin with *');
        tokens.read();
        given.more = this.expression();
      } else if (tokens.is('name') && tokens.is('operator', '=', 1)) {
        const name = tokens.read().value;
        tokens.read();
        given.named.push({ name, value: this.expression() });
      } else {
        if (given.named.length > 0 || given.more) tokens.fail('arguments without a name come before those with one');
        given.positional.push(this.expression());
      }
    });
    return given;
  }

  /** Filters and tests: `a | upper`, `a is defined`. */
  protected filters(start: Expression): Expression {
    const { tokens } = this;
    let expression = start;
    for (;;) {
      if (tokens.is('operator', '|')) expression = this.filterChain(expression)!;
      else if (tokens.isName('is')) expression = this.#test(expression);
      else if (tokens.is('operator', '(')) expression = this.#call(expression);
      else return expression;
    }
  }

  /** The filters from a `|` on. */
  protected filterChain(input: Expression | undefined): Filter | undefined {
    let filter: Filter | undefined;
    while (this.tokens.skip('operator', '|')) filter = this.filter(filter ?? input);
    return filter;
  }

  protected filter(input: Expression | undefined): Filter {
    const { value: name, line } = this.tokens.expect('name');
    const given = this.tokens.is('operator', '(') ? this.callArguments() : noArguments;
    return { kind: 'filter', input, name, arguments: given, line };
  }

  #test(input: Expression): Expression {
    const { tokens } = this;
    const { line } = tokens.read();
    const isNegated = tokens.skip('name', 'not');
    const name = tokens.expect('name').value;
    const given = tokens.is('operator', '(') ? this.callArguments() : this.#testArgument();
    const test: Expression = { kind: 'test', input, name, arguments: given, line };
    return isNegated ? { kind: 'unary', operator: 'not', operand: test, line } : test;
  }

  /** The argument of a test may stand without parentheses: `n is divisibleby 3`. */
  #testArgument(): CallArguments {
    const { tokens } = this;
    const begins =
      tokens.is('string') ||
      tokens.is('integer') ||
      tokens.is('float') ||
      tokens.is('name') ||
      tokens.isOperator('[', '{');
    if (!begins || tokens.isName('else', 'or', 'and', 'if', 'in', 'not', 'recursive')) return noArguments;
    if (tokens.isName('is')) tokens.fail('a test cannot follow directly on another');
    return { positional: [this.postfix(this.primary())], named: [] };
  }
}
