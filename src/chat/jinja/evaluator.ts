import { ensure } from '../../core/errors.ts';
import { quoted } from '../../core/printable.ts';
import { attributeOf, contains, itemOf, sliceOf } from './access.ts';
import { calculate, signed } from './arithmetic.ts';
import { hashOf, isAtMost, isEqual, isLess } from './compare.ts';
import { filterNamed } from './filters/index.ts';
import { listed } from './iterate.ts';
import type { Meter } from './meter.ts';
import type { Scope } from './scope.ts';
import type { CallArguments, Expression, Filter } from './syntax.ts';
import { testNamed } from './tests.ts';
import { Arguments, Callable, Dict, ensureDefined, isTrue, Tuple, typeName, Undefined, type Value } from './values.ts';

/** Computes expressions. */
export class Evaluator {
  readonly meter: Meter;
  /** Where in the template the computation is, for errors. */
  line = 1;

  constructor(meter: Meter) {
    this.meter = meter;
  }

  evaluate(expression: Expression, scope: Scope): Value {
    this.meter.step();
    this.line = expression.line;
    const { meter } = this;
    const computed = (part: Expression) => this.evaluate(part, scope);
    switch (expression.kind) {
      case 'literal':
        return expression.value;
      case 'name': {
        const value = scope.get(expression.name);
        return value === undefined ? new Undefined(`${quoted(expression.name)} is not defined`) : value;
      }
      case 'list':
        return expression.items.map(computed);
      case 'tuple':
        return new Tuple(expression.items.map(computed));
      case 'dict': {
        const dict = new Dict();
        for (const [key, value] of expression.entries) this.#add(dict, computed(key), computed(value));
        return dict;
      }
      case 'attribute':
        return attributeOf(meter, computed(expression.of), expression.name);
      case 'item':
        return itemOf(meter, computed(expression.of), computed(expression.key));
      case 'slice': {
        const { of, start, stop, step } = expression;
        return sliceOf(
          meter,
          computed(of),
          [start, stop, step].map((bound) => bound && computed(bound)),
        );
      }
      case 'call': {
        const callee = computed(expression.callee);
        const given = this.argumentsOf(expression.arguments, scope);
        this.line = expression.line;
        return this.call(callee, given);
      }
      case 'filter':
        return this.filter(expression, computed(expression.input!), scope);
      case 'test': {
        const input = computed(expression.input);
        const given = this.argumentsOf(expression.arguments, scope);
        return testNamed(expression.name)(input, given, meter);
      }
      case 'unary': {
        const { operator, operand } = expression;
        return operator === 'not' ? !isTrue(computed(operand)) : signed(operator, computed(operand));
      }
      case 'binary':
        return calculate(meter, expression.operator, computed(expression.left), computed(expression.right));
      case 'and': {
        const left = computed(expression.left);
        return isTrue(left) ? computed(expression.right) : left;
      }
      case 'or': {
        const left = computed(expression.left);
        return isTrue(left) ? left : computed(expression.right);
      }
      case 'comparison':
        return this.#compare(expression, computed);
      case 'conditional': {
        const { test, value, otherwise } = expression;
        if (isTrue(computed(test))) return this.evaluate(value, scope);
        return otherwise ? computed(otherwise) : new Undefined('the condition is false, and there is no else');
      }
    }
  }

  /** Applies a filter of a block, whose innermost one takes the block's text, or of an expression. */
  filter(filter: Filter, input: Value, scope: Scope): Value {
    const given = this.argumentsOf(filter.arguments, scope);
    this.line = filter.line;
    return filterNamed(filter.name)(input, given, this.meter);
  }

  call(callee: Value, given: Arguments): Value {
    this.meter.step();
    const { line } = this;
    ensureDefined(callee);
    const isObject = callee instanceof Callable || (typeof callee === 'object' && callee !== null && 'call' in callee);
    ensure(isObject && callee.call, () => `a value of type ${typeName(callee)} cannot be called`);
    const call = callee.call.bind(callee);
    const result = this.meter.around(given.all(), () => call(given, this.meter));
    this.line = line;
    return result;
  }

  argumentsOf({ positional, named, more, others }: CallArguments, scope: Scope): Arguments {
    let values = positional.map((argument) => this.evaluate(argument, scope));
    if (more) values = values.concat(listed(this.meter, this.evaluate(more, scope)));
    const byName = new Map(named.map(({ name, value }) => [name, this.evaluate(value, scope)]));
    if (others) {
      const dict = this.evaluate(others, scope);
      ensure(dict instanceof Dict, () => `** needs a dict, not a value of type ${typeName(dict)}`);
      for (const [key, value] of dict.entries.values()) byName.set(String(key), value);
    }
    return new Arguments(values, byName);
  }

  #add(dict: Dict, key: Value, value: Value): void {
    const hash = hashOf(this.meter, key);
    dict.entries.set(hash, [dict.entries.get(hash)?.[0] ?? key, value]);
  }

  /** `a < b < c` holds if every two neighbours do. */
  #compare(
    { first, rest }: Extract<Expression, { kind: 'comparison' }>,
    computed: (part: Expression) => Value,
  ): boolean {
    let left = computed(first);
    for (const { operator, operand } of rest) {
      const right = computed(operand);
      if (!comparisons[operator]!(this.meter, left, right)) return false;
      left = right;
    }
    return true;
  }
}

const comparisons: Record<string, (meter: Meter, left: Value, right: Value) => boolean> = {
  '==': isEqual,
  '!=': (meter, left, right) => !isEqual(meter, left, right),
  '<': isLess,
  '<=': isAtMost,
  '>': (meter, left, right) => isLess(meter, right, left),
  '>=': (meter, left, right) => isAtMost(meter, right, left),
  in: (meter, left, right) => contains(meter, right, left),
  'not in': (meter, left, right) => !contains(meter, right, left),
};
