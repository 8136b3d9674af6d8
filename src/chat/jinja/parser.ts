import { tokenize } from './lexer.ts';
import { TargetParser } from './parse-target.ts';
import type { Expression, MacroDefinition, Statement, StatementKind, Target } from './syntax.ts';

/** Reads a template. Throws a TsgptError that names the line if it is not one. */
export function parseTemplate(template: string): Statement[] {
  return new Parser(tokenize(template)).template();
}

class Parser extends TargetParser {
  /** How many loops the current tag is in, without leaving a macro. */
  #loops = 0;

  template(): Statement[] {
    const statements = this.#body();
    if (!this.tokens.is('end of template')) {
      this.tokens.read();
      this.tokens.fail(`${this.tokens.found()} closes nothing`);
    }
    return statements;
  }

  /** Statements up to a tag with one of these names, to whose name it goes on. */
  #body(...ends: string[]): Statement[] {
    const { tokens } = this;
    const { line: opened } = tokens;
    const statements: Statement[] = [];
    for (;;) {
      const { kind, value, line } = tokens.current;
      if (kind === 'text') statements.push({ kind: 'text', text: tokens.read().value, line });
      else if (kind === 'begin' && value === '{{') {
        tokens.read();
        statements.push({ kind: 'output', value: this.tuple(), line });
        tokens.expect('end');
      } else if (kind === 'begin' && closing.test(this.#nextName())) {
        if (ends.includes(this.#nextName())) {
          tokens.read();
          return statements;
        }
        if (ends.length === 0) return statements;
        tokens.fail(`found {% ${this.#nextName()} %} where {% ${ends.join(' %} or {% ')} %} should be`);
      } else if (kind === 'begin') {
        tokens.read();
        statements.push(this.#statement());
      } else {
        if (ends.length > 0) tokens.fail(`the tag before is never closed; {% ${ends.at(-1)} %} is missing`, opened);
        return statements;
      }
    }
  }

  #nextName(): string {
    return this.tokens.is('name', undefined, 1) ? this.tokens.peek(1).value : '';
  }

  /** The rest of a tag, the statements after it, and the tag that closes them. */
  #block(end: string): Statement[] {
    this.tokens.expect('end');
    const body = this.#body(end);
    this.tokens.read();
    return body;
  }

  #closedBlock(end: string): Statement[] {
    const body = this.#block(end);
    this.tokens.expect('end');
    return body;
  }

  #statement(): Statement {
    const { tokens } = this;
    const { value: tag, line } = tokens.expect('name');
    switch (tag) {
      case 'if':
        return { ...this.#if(), line };
      case 'for':
        return { ...this.#for(), line };
      case 'set':
        return { ...this.#set(), line };
      case 'macro': {
        const name = this.assignable();
        const parameters = this.parameters();
        return { kind: 'macro', macro: this.#macro(name, parameters, 'endmacro'), line };
      }
      case 'call': {
        const parameters = tokens.is('operator', '(') ? this.parameters() : [];
        const call = this.unary(false);
        if (call.kind !== 'call') tokens.fail('{% call %} needs a call of a macro');
        return { kind: 'call block', call, caller: this.#macro('caller', parameters, 'endcall'), line };
      }
      case 'filter': {
        const first = this.filter(undefined);
        const filter = this.filterChain(first) ?? first;
        return { kind: 'filter block', filter, body: this.#closedBlock('endfilter'), line };
      }
      case 'with':
        return { ...this.#with(), line };
      case 'generation':
        // Marks what the model wrote, for training; the text stays.
        return { kind: 'with', variables: [], body: this.#outsideLoops('endgeneration'), line };
      case 'break':
      case 'continue':
        if (this.#loops === 0) tokens.fail(`{% ${tag} %} stands outside of a loop`, line);
        tokens.expect('end');
        return { kind: tag, line };
      default:
        return tokens.fail(`there is no tag {% ${tag} %} in chat templates`, line);
    }
  }

  #if(): Extract<StatementKind, { kind: 'if' }> {
    const { tokens } = this;
    const branches: { test: Expression; body: Statement[] }[] = [];
    do {
      const test = this.tuple({ conditional: false });
      tokens.expect('end');
      branches.push({ test, body: this.#body('elif', 'else', 'endif') });
    } while (tokens.read().value === 'elif');
    return { kind: 'if', branches, otherwise: this.#otherwise('endif') };
  }

  /** The rest of a statement that may have an `else`: its name has been read, or that of the end. */
  #otherwise(end: string): Statement[] {
    const isElse = this.tokens.is('end') && this.tokens.peek(-1).value === 'else';
    const body = isElse ? this.#block(end) : [];
    this.tokens.expect('end');
    return body;
  }

  #for(): Extract<StatementKind, { kind: 'for' }> {
    const { tokens } = this;
    const target = this.targets();
    tokens.expect('name', 'in');
    const over = this.tuple({ conditional: false });
    const condition = tokens.skip('name', 'if') ? this.expression() : undefined;
    const recursive = tokens.skip('name', 'recursive');
    tokens.expect('end');
    this.#loops++;
    const body = this.#body('else', 'endfor');
    this.#loops--;
    tokens.read();
    return { kind: 'for', target, over, condition, recursive, body, otherwise: this.#otherwise('endfor') };
  }

  #set(): Extract<StatementKind, { kind: 'set' | 'set block' }> {
    const { tokens } = this;
    const target = this.targets();
    if (tokens.skip('operator', '=')) {
      const value = this.tuple();
      tokens.expect('end');
      return { kind: 'set', target, value };
    }
    const filter = this.filterChain(undefined);
    return { kind: 'set block', target, filter, body: this.#closedBlock('endset') };
  }

  #with(): Extract<StatementKind, { kind: 'with' }> {
    const { tokens } = this;
    const variables: { target: Target; value: Expression }[] = [];
    while (!tokens.is('end')) {
      if (variables.length > 0) tokens.expect('operator', ',');
      const target = this.target();
      tokens.expect('operator', '=');
      variables.push({ target, value: this.expression() });
    }
    return { kind: 'with', variables, body: this.#closedBlock('endwith') };
  }

  #macro(name: string, parameters: MacroDefinition['parameters'], end: string): MacroDefinition {
    const outer = this.reads;
    this.reads = new Set();
    const body = this.#outsideLoops(end);
    const { reads } = this;
    this.reads = new Set([...outer, ...reads]);
    return { name, parameters, body, reads };
  }

  /** A body that cannot end a loop around it. */
  #outsideLoops(end: string): Statement[] {
    const loops = this.#loops;
    this.#loops = 0;
    const body = this.#closedBlock(end);
    this.#loops = loops;
    return body;
  }
}

/** The names of tags that belong to one before them. */
const closing = /^(?:end.*|else|elif)$/;
