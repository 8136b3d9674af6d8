import { type Command, Option } from 'commander';
import { ensure } from '../core/errors.ts';
import { type ConfigField, describeDefault, type Family, modelFamilies } from '../models/index.ts';
import { number, wholeNumber } from './flags.ts';

/** The fields of a model's configuration that flags set, by name. */
export type ModelFlags = Readonly<Record<string, unknown>>;

/** The flag of a field: `embDim` is `--emb-dim`, and a switch that is on by default is turned off by `--no-...`. */
function flagOf(name: string, field: ConfigField): string {
  const words = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return field.kind === 'switch' && field.default === true ? `--no-${words}` : `--${words}`;
}

const values = {
  count: { placeholder: ' <n>', parse: wholeNumber },
  probability: { placeholder: ' <p>', parse: number },
  'positive number': { placeholder: ' <x>', parse: number },
};

/** A field as one family has it. */
interface FieldOfFamily {
  family: string;
  field: ConfigField;
}

/** What `say` says of a field: once if all families agree, else with their names. */
function sayOf(fields: readonly FieldOfFamily[], say: (field: ConfigField) => string): string {
  const families = new Map<string, string[]>();
  for (const { family, field } of fields) families.set(say(field), [...(families.get(say(field)) ?? []), family]);
  if (families.size === 1) return say(fields[0]!.field);
  return Array.from(families, ([text, names]) => `${text} (${names.join(', ')})`).join('; ');
}

function optionOf(flag: string, fields: readonly FieldOfFamily[], isShared: boolean): Option {
  const [{ field }] = fields as [FieldOfFamily];
  if (field.kind === 'switch')
    return new Option(
      flag,
      sayOf(fields, ({ change, help }) => change ?? help),
    );
  const { placeholder, parse } = values[field.kind as keyof typeof values];
  const help = sayOf(fields, ({ help }) => help);
  // A preset decides the fields that all families have.
  const defaults = isShared ? '' : ` (default: ${sayOf(fields, describeDefault)})`;
  return new Option(flag + placeholder, help + defaults).argParser(parse);
}

/** The fields of a family that have flags. The tokenizer decides the size of the vocabulary. */
function fieldsWithFlags({ config }: Family): [string, ConfigField][] {
  return Object.entries(config.fields).filter(([name, { kind }]) => name !== 'vocabSize' && kind !== 'structure');
}

/** Adds the flags of all families; flags that only some families have get their own groups. */
export function addModelFlags(command: Command): Command {
  const families = modelFamilies();
  const flags = new Map<string, FieldOfFamily[]>();
  for (const family of families) {
    for (const [name, field] of fieldsWithFlags(family)) {
      const flag = flagOf(name, field);
      flags.set(flag, [...(flags.get(flag) ?? []), { family: family.name, field }]);
    }
  }
  const names = families.map(({ name }) => name);
  command.optionsGroup('Model (defaults: as in the preset):');
  command.addOption(new Option('--family <name>', 'family of the model').choices(names));
  for (const [flag, fields] of flags) {
    const isShared = fields.length === names.length;
    const option = optionOf(flag, fields, isShared);
    const owners = fields.map(({ family }) => family).join(' or ');
    if (!isShared) option.helpGroup(`Model, only with --family ${owners}:`);
    command.addOption(option);
  }
  return command;
}

/** The fields whose flags were given. */
export function givenModelFlags(command: Command): ModelFlags {
  const names = new Set(modelFamilies().flatMap((family) => fieldsWithFlags(family).map(([name]) => name)));
  // Commander itself sets the opposite of a --no-... flag.
  const given = [...names].filter((name) => command.getOptionValueSource(name) === 'cli');
  return Object.fromEntries(given.map((name) => [name, command.getOptionValue(name)]));
}

/** The given flags as the user writes them. */
export function writtenFlags(flags: ModelFlags): string[] {
  const fields = modelFamilies().flatMap(fieldsWithFlags);
  return Object.keys(flags).map((name) => flagOf(...fields.find(([field]) => field === name)!));
}

/** Throws a TsgptError if a family lacks the field of a flag. */
export function ensureFlagsOf(family: Family, flags: ModelFlags): void {
  const fields = fieldsWithFlags(family);
  for (const name of Object.keys(flags)) {
    ensure(
      fields.some(([field]) => field === name),
      () =>
        `a model of the family ${family.name} has no ${name}; the flags of its shape are ` +
        fields.map(([name, field]) => flagOf(name, field)).join(', '),
    );
  }
}

/** The part of a preset's model that a family has, too. */
export function sharedFields(family: Family, model: object): ModelFlags {
  return Object.fromEntries(Object.entries(model).filter(([name]) => Object.hasOwn(family.config.fields, name)));
}
