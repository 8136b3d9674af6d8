import { ensure } from '../../core/errors.ts';
import { quoted } from '../../core/printable.ts';
import { Evaluator } from './evaluator.ts';
import { iterate, listed } from './iterate.ts';
import { Loop } from './loop.ts';
import type { Meter } from './meter.ts';
import { Scope } from './scope.ts';
import type { Filter, ForLoop, MacroDefinition, Statement, Target } from './syntax.ts';
import { textOf } from './text-of.ts';
import { Arguments, Callable, Dict, isTrue, Namespace, orUndefined, Tuple, Undefined, type Value } from './values.ts';

/** How the statements of a loop's body ended, if not at their end. */
type Ending = 'break' | 'continue' | undefined;

/** Runs a template's statements. */
export class Interpreter {
  readonly #evaluator: Evaluator;
  readonly #meter: Meter;

  constructor(meter: Meter) {
    this.#meter = meter;
    this.#evaluator = new Evaluator(meter);
  }

  /** The line of the template that is being computed. */
  get line(): number {
    return this.#evaluator.line;
  }

  /** What the statements write. */
  textOf(statements: readonly Statement[], scope: Scope): string {
    const written: string[] = [];
    this.#run(statements, scope, written);
    return written.join('');
  }

  #run(statements: readonly Statement[], scope: Scope, written: string[]): Ending {
    for (const statement of statements) {
      this.#meter.step();
      this.#evaluator.line = statement.line;
      const ending = this.#runOne(statement, scope, written);
      if (ending) return ending;
    }
    return undefined;
  }

  #runOne(statement: Statement, scope: Scope, written: string[]): Ending {
    const evaluator = this.#evaluator;
    switch (statement.kind) {
      case 'text':
        written.push(this.#meter.text(statement.text));
        return undefined;
      case 'output':
        written.push(this.#meter.text(textOf(this.#meter, evaluator.evaluate(statement.value, scope))));
        return undefined;
      case 'if': {
        const branch = statement.branches.find(({ test }) => isTrue(evaluator.evaluate(test, scope)));
        return this.#run(branch?.body ?? statement.otherwise, scope, written);
      }
      case 'for':
        return this.#for(statement, evaluator.evaluate(statement.over, scope), scope, written, 0);
      case 'set':
        this.#assign(statement.target, evaluator.evaluate(statement.value, scope), scope);
        return undefined;
      case 'set block':
        return this.#block(statement.body, scope, (text) => {
          this.#assign(statement.target, this.#filtered(statement.filter, text, scope), scope);
        });
      case 'macro':
        scope.set(statement.macro.name, this.#macro(statement.macro, scope));
        return undefined;
      case 'call block': {
        ensure(statement.call.kind === 'call', 'a call block calls a macro');
        const macro = evaluator.evaluate(statement.call.callee, scope);
        const { positional, named } = evaluator.argumentsOf(statement.call.arguments, scope);
        const caller = this.#macro(statement.caller, scope);
        const result = evaluator.call(macro, new Arguments(positional, new Map([...named, ['caller', caller]])));
        written.push(textOf(this.#meter, result));
        return undefined;
      }
      case 'filter block':
        return this.#block(statement.body, scope, (text) => {
          written.push(textOf(this.#meter, this.#filtered(statement.filter, text, scope)));
        });
      case 'with': {
        const inner = new Scope(scope);
        for (const { target, value } of statement.variables) {
          this.#assign(target, evaluator.evaluate(value, scope), inner);
        }
        return this.#run(statement.body, inner, written);
      }
      default:
        return statement.kind;
    }
  }

  /** Runs statements and gives their text to `use`, unless they end the loop around them. */
  #block(body: readonly Statement[], scope: Scope, use: (text: string) => void): Ending {
    const written: string[] = [];
    const ending = this.#run(body, new Scope(scope), written);
    if (!ending) use(written.join(''));
    return ending;
  }

  #filtered(filter: Filter | undefined, text: Value, scope: Scope): Value {
    if (!filter) return text;
    const input = filter.input ? this.#filtered(filter.input as Filter, text, scope) : text;
    return this.#evaluator.filter(filter, input, scope);
  }

  #for(statement: ForLoop, over: Value, scope: Scope, written: string[], depth: number): Ending {
    const recurse = (items: Value) => {
      const inner: string[] = [];
      this.#for(statement, items, scope, inner, depth + 1);
      return inner.join('');
    };
    const items = this.#chosen(statement, over, scope);
    const loop = new Loop(this.#meter, items, depth, statement.recursive ? recurse : undefined);
    let isElse = true;
    for (let item = loop.next(); item !== undefined; item = loop.next()) {
      this.#meter.step();
      const inner = new Scope(scope, [['loop', loop]]);
      this.#assign(statement.target, item, inner);
      const ending = this.#run(statement.body, inner, written);
      if (ending === 'break') break;
      if (!ending) isElse = false;
    }
    // As in Jinja2, `else` also follows if `break` or `continue` ended every turn.
    return isElse ? this.#run(statement.otherwise, new Scope(scope), written) : undefined;
  }

  /** The items of a loop for which its condition holds. */
  *#chosen({ target, condition }: ForLoop, over: Value, scope: Scope): Generator<Value> {
    for (const item of iterate(this.#meter, over)) {
      if (condition) {
        const inner = new Scope(scope);
        this.#assign(target, item, inner);
        if (!isTrue(this.#evaluator.evaluate(condition, inner))) continue;
      }
      yield item;
    }
  }

  #assign(target: Target, value: Value, scope: Scope): void {
    if (target.kind === 'name') {
      scope.set(target.name, value);
      return;
    }
    if (target.kind === 'field') {
      const namespace = scope.get(target.namespace);
      ensure(namespace instanceof Namespace, () => `${quoted(target.namespace)} is no namespace`);
      namespace.fields.set(target.name, value);
      return;
    }
    const { targets } = target;
    const values = listed(this.#meter, value);
    ensure(
      values.length === targets.length,
      `${targets.length} variables cannot be set to ${values.length} value${values.length === 1 ? '' : 's'}`,
    );
    for (const [i, part] of targets.entries()) this.#assign(part, values[i]!, scope);
  }

  /** A macro is a function that gives its text. It sees the variables of where it was defined. */
  #macro({ name, parameters, body, reads }: MacroDefinition, scope: Scope): Callable {
    return new Callable(name, ({ positional, named }) => {
      const inner = new Scope(scope);
      const left = new Map(named);
      for (const [i, parameter] of parameters.entries()) {
        const given = i < positional.length ? positional[i]! : left.get(parameter.name);
        if (i >= positional.length) left.delete(parameter.name);
        const otherwise = () =>
          parameter.default
            ? this.#evaluator.evaluate(parameter.default, inner)
            : new Undefined(`the parameter ${quoted(parameter.name)} was not given`);
        inner.set(parameter.name, given === undefined ? otherwise() : given);
      }
      if (reads.has('caller') && !parameters.some(({ name }) => name === 'caller')) {
        inner.set('caller', orUndefined(left.get('caller'), 'there is no caller'));
        left.delete('caller');
      }
      if (reads.has('varargs')) inner.set('varargs', new Tuple(positional.slice(parameters.length)));
      else ensure(positional.length <= parameters.length, `${name}() takes at most ${parameters.length} arguments`);
      if (reads.has('kwargs')) inner.set('kwargs', Dict.of(left));
      else for (const extra of left.keys()) ensure(false, () => `${name}() has no parameter ${quoted(extra)}`);
      return this.textOf(body, inner);
    });
  }
}
