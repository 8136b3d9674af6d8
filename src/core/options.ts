import { closestMatch } from 'leven';
import { describeValue } from './describe-value.ts';
import { ensure } from './errors.ts';

/** The name of every option of a function. The compiler refuses a list in which one is missing or too many. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/**
 * Returns `options`. Throws a TsgptError unless it is an object that has options of these names only: a mistyped option would be ignored, which the
 * compiler cannot prevent in JavaScript.
 */
export function knownOptions<Options extends object>(
  operation: string,
  options: Options,
  names: OptionNames<Options>,
): Options {
  const known = Object.keys(names);
  ensure(
    typeof options === 'object' && options !== null && !Array.isArray(options),
    () => `${operation}: give the options as an object, as in { ${known[0]}: … }, but not ${describeValue(options)}`,
  );
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(names, name));
  ensure(unknown === undefined, () => `${operation} has no option ${unknown}; ${whichName(unknown!, known)}`);
  for (const [name, value] of Object.entries(options)) {
    ensure(
      !/^on[A-Z]/.test(name) || value === undefined || typeof value === 'function',
      () => `${operation}: ${name} must be a function, but is ${describeValue(value)}`,
    );
  }
  ensureSignal(operation, (options as { signal?: unknown }).signal);
  return options;
}

/** Throws a TsgptError unless `signal` is an AbortSignal or undefined. */
export function ensureSignal(operation: string, signal: unknown): void {
  ensure(
    signal === undefined || typeof (signal as AbortSignal | null)?.aborted === 'boolean',
    () => `${operation}: signal must be an AbortSignal, such as controller.signal, but is ${describeValue(signal)}`,
  );
}

/** For an error message: which of the known names an unknown one may stand for, or else all of them. */
export function whichName(unknown: string, known: readonly string[]): string {
  const maxDistance = Math.max(2, Math.floor(unknown.length / 3));
  const likely = closestMatch(unknown, known, { maxDistance });
  return likely === undefined ? `it has ${known.join(', ')}` : `did you mean ${likely}?`;
}
