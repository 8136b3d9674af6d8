import { TsgptError } from '../../core/errors.ts';
import { globals } from './globals.ts';
import { Interpreter } from './interpreter.ts';
import { Meter } from './meter.ts';
import { parseTemplate } from './parser.ts';
import { Scope } from './scope.ts';
import type { Statement } from './syntax.ts';
import { toValue } from './to-value.ts';
import type { Value } from './values.ts';

/**
 * A Jinja template: https://jinja.palletsprojects.com/en/stable/templates. It gives the text that Jinja2 3.1 gives in the environment of
 * Hugging Face's chat templates: values print as in Python, blocks alone on a line leave no trace of it, `{% break %}` and `{% continue %}` work,
 * and lists and dicts cannot be changed. It takes at most a few million steps.
 *
 * Left out is what chat templates do not use: other templates (`include`, `import`, `extends`, `block`), automatic escaping (`safe` changes
 * nothing), and the filters filesizeformat, forceescape, pprint, random, striptags, urlencode, urlize, wordwrap and xmlattr.
 */
export class JinjaTemplate {
  readonly #statements: readonly Statement[];

  /** @throws TsgptError if `source` is not a template; it says in which line */
  constructor(source: string) {
    this.#statements = notTooDeep(() => parseTemplate(source));
  }

  /** @throws TsgptError if the template fails with these variables; it says in which line */
  render(variables: Record<string, unknown>): string {
    const interpreter = new Interpreter(new Meter());
    try {
      return notTooDeep(() => {
        const given = Object.entries(variables).map(([name, value]): [string, Value] => [name, toValue(value)]);
        return interpreter.textOf(this.#statements, new Scope(new Scope(undefined, globals), given));
      });
    } catch (cause) {
      if (!(cause instanceof TsgptError)) throw cause;
      throw new TsgptError(`line ${interpreter.line}: ${cause.message}`, { cause });
    }
  }
}

/** Brackets in brackets, and macros that call themselves, end where JavaScript's stack does. */
function notTooDeep<T>(run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new TsgptError('the template, or a value in it, is nested too deeply', { cause });
  }
}
