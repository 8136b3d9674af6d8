import * as v from 'valibot';
import { ensure, TsgptError } from '../core/errors.ts';
import { describeIssue } from '../core/invalid-json.ts';
import { ensureKind, ensureString } from '../core/kind.ts';
import { whichName } from '../core/options.ts';
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

/** The same, but fields with a default may be omitted. */
export type OptionsOf<F extends Fields> = { [Name in NamesOf<F, 'required'>]: ValueOf<F[Name]> } & {
  [Name in Exclude<keyof F, NamesOf<F, 'required'>>]?: ValueOf<F[Name]> | undefined;
};

/**
 * Describes the configuration of a model family.
 *
 * A command line can derive its flags from {@link fields}: `embDim` becomes `--emb-dim`. A count takes a whole number; a probability
 * or positive number takes any number. A switch takes no value: it becomes `--qkv-bias` if the default is false, `--no-tied-head` if the
 * default is true, with {@link ConfigField.change} as its help. A structure has no flag. {@link describeDefault} describes the default
 * of a flag. Pass the given values to {@link complete}.
 */
export interface ConfigTable<Config = Record<string, unknown>, Options = Partial<Config>> {
  /** The family's usual name, such as `GPT-2`. */
  readonly family: string;
  readonly fields: Readonly<Record<string, ConfigField>>;
  /** Fills in the defaults of omitted fields. Throws a TsgptError if the configuration is invalid. */
  complete(options: Options): Config;
  /** Throws a TsgptError if `config` is invalid. */
  check(config: Config): void;
  /** Reads a complete configuration from a JSON value. Throws a TsgptError if it is invalid. */
  parse(json: unknown): Config;
}

/**
 * Describes the configuration of a family by its fields. A derived default may use earlier fields.
 *
 * @param checkTogether throws a TsgptError if fields that are valid by themselves contradict each other
 */
export function configTable<F extends Fields>(
  family: string,
  fields: F,
  checkTogether: (config: ConfigOf<F>) => void = () => {},
): ConfigTable<ConfigOf<F>, OptionsOf<F>> {
  ensureString('configTable', 'the name of the family', family);
  ensureKind('configTable', 'fields by their names', fields);
  for (const field of Object.values(fields))
    ensureKind('configTable', 'fields of a configuration', field, 'schema', 'check');
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
    const needed = names.filter((name) => fields[name]!.presence === 'required').join(', ');
    ensure(
      typeof options === 'object' && options !== null,
      () => `${family}: give the settings as an object${needed && `, with at least ${needed}`}`,
    );
    const given = options as Record<string, unknown>;
    const unknown = Object.keys(given).find((name) => !Object.hasOwn(fields, name));
    ensure(unknown === undefined, () => `${family} has no setting ${unknown}; ${whichName(unknown!, names)}`);
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
      throw new TsgptError(`this is not a ${family} configuration: ${describeIssue(parsed.issues[0])}`);
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

/** Describes the default of a field: `12`, `embDim / nHeads`, `none`. */
export function describeDefault(field: ConfigField): string {
  ensureKind('describeDefault', 'a field of a configuration', field);
  return isDerived(field.default) ? field.default.says : String(field.default ?? 'none');
}

function isDerived(value: unknown): value is Derived {
  return typeof value === 'object' && value !== null && 'from' in value;
}
