import { OperandParser } from './parse-operand.ts';
import type { Expression } from './syntax.ts';

/** Reads expressions, from the loosest binding operator down to the tightest. */
export class ExpressionParser extends OperandParser {
  /** An expression, or several between commas, which make a tuple. A loop's list cannot be a conditional: its `if` is the loop's own. */
  protected tuple({ conditional = true, isEmptyAllowed = false } = {}): Expression {
    const { tokens } = this;
    const { line } = tokens;
    const items: Expression[] = [];
    let isTuple = false;
    while (!this.#endsTuple()) {
      items.push(conditional ? this.expression() : this.#or());
      isTuple = tokens.skip('operator', ',') || isTuple;
      if (!isTuple) break;
      if (tokens.is('operator', ',')) break;
    }
    if (items.length === 0 && !isEmptyAllowed) tokens.fail(`expected an expression, but found ${tokens.found()}`);
    return items.length === 1 && !isTuple ? items[0]! : { kind: 'tuple', items, line };
  }

  #endsTuple(): boolean {
    const { tokens } = this;
    return tokens.is('end') || tokens.isOperator(')', '=') || tokens.isName('in', 'recursive');
  }

  /** `a if b else c`, and all that binds tighter. */
  protected expression(): Expression {
    const { tokens } = this;
    let expression = this.#or();
    while (tokens.isName('if')) {
      const { line } = tokens.read();
      const test = this.#or();
      const otherwise = tokens.skip('name', 'else') ? this.expression() : undefined;
      expression = { kind: 'conditional', test, value: expression, otherwise, line };
    }
    return expression;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.tokens.isName('or')) {
      const { line } = this.tokens.read();
      left = { kind: 'or', left, right: this.#and(), line };
    }
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.tokens.isName('and')) {
      const { line } = this.tokens.read();
      left = { kind: 'and', left, right: this.#not(), line };
    }
    return left;
  }

  #not(): Expression {
    if (!this.tokens.isName('not')) return this.#comparison();
    const { line } = this.tokens.read();
    return { kind: 'unary', operator: 'not', operand: this.#not(), line };
  }

  /** `a < b <= c`, `a in b` and `a not in b`. */
  #comparison(): Expression {
    const { tokens } = this;
    const { line } = tokens;
    const first = this.#sum();
    const rest: { operator: string; operand: Expression }[] = [];
    for (;;) {
      const isNotIn = tokens.isName('not') && tokens.is('name', 'in', 1);
      if (!isNotIn && !tokens.isOperator('==', '!=', '<', '<=', '>', '>=') && !tokens.isName('in')) break;
      if (isNotIn) tokens.read();
      const operator = tokens.read().value;
      rest.push({ operator: isNotIn ? 'not in' : operator, operand: this.#sum() });
    }
    return rest.length === 0 ? first : { kind: 'comparison', first, rest, line };
  }

  #sum = () => this.#binary(['+', '-'], () => this.#concatenation());
  #concatenation = () => this.#binary(['~'], () => this.#product());
  #product = () => this.#binary(['*', '/', '//', '%'], () => this.#power());
  #power = () => this.#binary(['**'], () => this.unary());

  /** Operators of equal strength, from left to right. */
  #binary(operators: string[], operand: () => Expression): Expression {
    let left = operand();
    while (this.tokens.isOperator(...operators)) {
      const { value: operator, line } = this.tokens.read();
      left = { kind: 'binary', operator, left, right: operand(), line };
    }
    return left;
  }

  /** A sign binds tighter than filters and tests: `-1 | abs` is 1. */
  protected unary(withFilters = true): Expression {
    const { tokens } = this;
    let expression: Expression;
    if (tokens.isOperator('-', '+')) {
      const { value, line } = tokens.read();
      expression = { kind: 'unary', operator: value as '+' | '-', operand: this.unary(false), line };
    } else expression = this.primary();
    expression = this.postfix(expression);
    return withFilters ? this.filters(expression) : expression;
  }
}
