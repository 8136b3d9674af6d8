import { ExpressionParser } from './parse-expression.ts';
import type { MacroDefinition, Target } from './syntax.ts';

const reserved = ['true', 'false', 'none', 'True', 'False', 'None'];

/** Reads what values are assigned to: variables, fields of namespaces, and the parameters of macros. */
export class TargetParser extends ExpressionParser {
  protected parameters(): MacroDefinition['parameters'] {
    const { tokens } = this;
    const parameters: MacroDefinition['parameters'] = [];
    tokens.expect('operator', '(');
    while (!tokens.skip('operator', ')')) {
      if (parameters.length > 0) tokens.expect('operator', ',');
      const name = this.assignable();
      const value = tokens.skip('operator', '=') ? this.expression() : undefined;
      if (!value && parameters.at(-1)?.default) tokens.fail('parameters without a default come before those with one');
      parameters.push({ name, default: value });
    }
    return parameters;
  }

  protected targets(): Target {
    const { tokens } = this;
    const targets = [this.target()];
    let isTuple = false;
    while (tokens.skip('operator', ',')) {
      isTuple = true;
      if (!tokens.is('name') && !tokens.is('operator', '(')) break;
      if (tokens.isName('in')) break;
      targets.push(this.target());
    }
    return isTuple ? { kind: 'targets', targets } : targets[0]!;
  }

  protected target(): Target {
    const { tokens } = this;
    if (tokens.skip('operator', '(')) {
      const inside = this.targets();
      tokens.expect('operator', ')');
      return inside;
    }
    const name = this.assignable();
    return tokens.skip('operator', '.')
      ? { kind: 'field', namespace: name, name: tokens.expect('name').value }
      : { kind: 'name', name };
  }

  protected assignable(): string {
    const { value, line } = this.tokens.expect('name');
    if (reserved.includes(value)) this.tokens.fail(`${value} cannot be assigned to`, line);
    return value;
  }
}
