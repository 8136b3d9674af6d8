import * as v from 'valibot';
import { TsgptError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';

/** A field of config.json that may be left out, but not differ: another value would mean another computation. */
export function fixed<T extends string | number | boolean>(value: T) {
  return v.nullish(
    v.literal(value, ({ received }) => `is ${received}, but only ${JSON.stringify(value)} is supported`),
  );
}

/** A field of config.json that must not be there: the model would be computed in a way not supported. `problem` goes after its name. */
export function absent(problem: string) {
  return v.nullish(v.custom<never>(() => false, problem));
}

/** What `schema` reads of a config.json. Throws one clear sentence that names the field which does not fit. */
export function parseConfig<T>(schema: v.GenericSchema<unknown, T>, json: unknown): T {
  const parsed = v.safeParse(schema, json, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const field = v.getDotPath(issue);
  const problem = field && issue.received === 'undefined' ? 'is missing' : issue.message;
  throw new TsgptError(`this config.json cannot be used: ${printable(field ? `${field} ${problem}` : problem)}`);
}
