import * as v from 'valibot';
import { ensure, TsgptError } from '../core/errors.ts';
import type { ConfigField, Derived, Presence } from './config-fields.ts';

// biome-ignore lint/suspicious/noExplicitAny: a table may hold fields of any values.
type Fields = Readonly<Record<string, ConfigField<any>>>;

type ValueOf<Field> = Field extends ConfigField<infer T, Presence> ? T : never;
type NamesOf<F extends Fields, P extends Presence> = {
  [Name in keyof F]: F[Name] extends ConfigField<infer _, P> ? Name : never;
}[keyof F];

/** A configuration with the fields of a table. */
export type ConfigOf<F extends Fields> = {
  [Name in Exclude<keyof F, NamesOf<F, 'optional'>>]: ValueOf<F[Name]>;
} & { [Name in NamesOf<F, 'optional'>]?: ValueOf<F[Name]> | undefined };

/** The same where what has a default may be left out. */
export type OptionsOf<F extends Fields> = { [Name in NamesOf<F, 'required'>]: ValueOf<F[Name]> } & {
  [Name in Exclude<keyof F, NamesOf<F, 'required'>>]?: ValueOf<F[Name]> | undefined;
};

/**
 * All there is to know about the configuration of a model family.
 *
 * A command line can make its flags of {@link fields}: `embDim` is `--emb-dim`. A count takes a whole number; a probability or positive
 * number any number; a switch takes none, and is `--qkv-bias` where the default is false, `--no-tied-head` where it is true, with
 * {@link ConfigField.change} as its help; a structure has no flag. {@link describeDefault} says what goes for a flag that is left out.
 * What was given then goes through {@link complete}.
 */
export interface ConfigTable<Config = Record<string, unknown>, Options = Partial<Config>> {
  /** What people call the family. */
  readonly family: string;
  readonly fields: Readonly<Record<string, ConfigField>>;
  /** The configuration with the defaults for what is left out. Throws one clear sentence if no model can be built from it. */
  complete(options: Options): Config;
  /** Throws one clear sentence if no model can be built from `config`. */
  check(config: Config): void;
  /** The configuration in a JSON value, all fields given. Throws one clear sentence if it is none, or none a model can be built from. */
  parse(json: unknown): Config;
}

/**
 * Describes the configuration of a family by its fields, in their order. A derived default may use fields before it.
 *
 * @param checkTogether throws if fields that are valid by themselves do not go together
 */
export function configTable<F extends Fields>(
  family: string,
  fields: F,
  checkTogether: (config: ConfigOf<F>) => void = () => {},
): ConfigTable<ConfigOf<F>, OptionsOf<F>> {
  const names = Object.keys(fields);
  const schema = v.object(
    Object.fromEntries(
      Object.entries(fields).map(([name, { schema, presence }]) => [
        name,
        presence === 'optional' ? v.optional(schema) : schema,
      ]),
    ),
  );

  const check = (config: ConfigOf<F>) => {
    for (const name of names) checkField(name, fields[name]!, (config as Record<string, unknown>)[name]);
    checkTogether(config);
  };
  const complete = (options: OptionsOf<F>) => {
    const given = options as Record<string, unknown>;
    const unknown = Object.keys(given).find((name) => !Object.hasOwn(fields, name));
    ensure(unknown === undefined, () => `${family} has no setting ${unknown}; it has ${names.join(', ')}`);
    const config: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fields)) {
      const value = given[name] ?? defaultOf(field, config);
      ensure(value !== undefined || field.presence !== 'required', () => `${family} needs ${name}: ${field.help}`);
      checkField(name, field, value);
      if (value !== undefined) config[name] = value;
    }
    checkTogether(config as ConfigOf<F>);
    return config as ConfigOf<F>;
  };
  const parse = (json: unknown) => {
    const parsed = v.safeParse(schema, json);
    if (!parsed.success) {
      const [issue] = parsed.issues;
      throw new TsgptError(`this is no ${family} configuration: ${v.getDotPath(issue) ?? 'it'}: ${issue.message}`);
    }
    check(parsed.output as ConfigOf<F>);
    return parsed.output as ConfigOf<F>;
  };
  return { family, fields, complete, check, parse };
}

function checkField(name: string, field: ConfigField, value: unknown): void {
  if (value !== undefined || field.presence !== 'optional') field.check(value, name);
}

function defaultOf(field: ConfigField, before: Readonly<Record<string, unknown>>): unknown {
  return isDerived(field.default) ? field.default.from(before as Record<string, number>) : field.default;
}

/** The default of a field in words: `12`, `embDim / nHeads`, `none`. */
export function describeDefault(field: ConfigField): string {
  return isDerived(field.default) ? field.default.says : String(field.default ?? 'none');
}

function isDerived(value: unknown): value is Derived {
  return typeof value === 'object' && value !== null && 'from' in value;
}
