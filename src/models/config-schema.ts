import * as v from 'valibot';
import { TsgptError } from '../core/errors.ts';
import { describeIssue } from '../core/invalid-json.ts';

/** A field of config.json with only one supported value, since others would change the computation. It may be omitted. */
export function fixed<T extends string | number | boolean>(value: T) {
  return v.nullish(
    v.literal(value, ({ received }) => `is ${received}, but only ${JSON.stringify(value)} is supported`),
  );
}

/** A field of config.json that must be absent, since it asks for an unsupported computation. `problem` follows its name in the error. */
export function absent(problem: string) {
  return v.nullish(v.custom<never>(() => false, problem));
}

/** Parses a config.json with `schema`. Throws a TsgptError that names the first invalid field. */
export function parseConfig<T>(schema: v.GenericSchema<unknown, T>, json: unknown): T {
  const parsed = v.safeParse(schema, json, { abortEarly: true });
  if (parsed.success) return parsed.output;
  throw new TsgptError(`this config.json cannot be used: ${describeIssue(parsed.issues[0])}`);
}
