import { ensure } from '../core/errors.ts';
import { ensureKind, ensureString } from '../core/kind.ts';
import { printable } from '../core/printable.ts';
import type { Random } from '../random/random.ts';
import type { Family, GgufForm, HuggingFaceForm } from './family.ts';
import { gpt2Family } from './gpt2/index.ts';
import type { LanguageModel } from './language-model.ts';
import { type LayerGroup, summarizeConfig } from './layer-summary.ts';
import { llamaFamily } from './llama/index.ts';

/** The only list of model families. To add a family, add a line. */
const families: Family[] = [
  gpt2Family, //
  llamaFamily,
];

/** Throws if a field has another kind than in a family before: a command line makes one flag of it. */
function checkKinds({ name, config }: Family): void {
  for (const known of families) {
    for (const [field, { kind }] of Object.entries(config.fields)) {
      const before = known.config.fields[field]?.kind ?? kind;
      ensure(
        before === kind,
        () =>
          `the field ${field} is a ${kind} in the family ${printable(name)}, but a ${before} in ${known.name}; ` +
          'a field has one kind in all families, so give it another name',
      );
    }
  }
}

/**
 * Adds a family of your own. Its models can then be trained in a folder, saved, opened, converted and described like all others.
 *
 * @throws TsgptError if its name, or one of its Hugging Face or llama.cpp names, is already taken, or a field of its configuration has
 * another kind than in other families
 */
export function registerFamily(family: Family): void {
  ensureKind('registerFamily', 'a family', family, 'name', 'config', 'create');
  ensureKind('registerFamily', 'the table of a configuration, as from configTable', family.config, 'fields', 'parse');
  ensureString('registerFamily', 'the name of a family', family.name);
  const taken = families.flatMap((known) => [
    ...(known.name === family.name ? [known.name] : []),
    ...shared(known.huggingFace?.modelTypes, family.huggingFace?.modelTypes),
    ...shared(known.gguf?.architectures, family.gguf?.architectures),
  ]);
  ensure(taken.length === 0, () => `the model family ${printable(taken[0]!)} already exists; choose another name`);
  checkKinds(family);
  families.push(family);
}

const shared = (some: readonly string[] = [], others: readonly string[] = []) =>
  some.filter((name) => others.includes(name));

/** All families: the library's own and the registered ones. */
export function modelFamilies(): readonly Family[] {
  return families;
}

/** Finds a family by its name in checkpoints. Throws a TsgptError if there is none. */
export function familyNamed(name: string): Family {
  ensureString('familyNamed', 'the name of a model family', name);
  const family = families.find((family) => family.name === name);
  const known = families.map(({ name }) => name).join(', ');
  ensure(family, () => `there is no model family "${printable(String(name))}" here; known families: ${known}`);
  return family;
}

/** Creates a model with initial weights. Throws a TsgptError if the family is unknown or its configuration invalid. */
export function createModel(family: string, config: unknown, random?: Random): LanguageModel {
  const known = familyNamed(family);
  return known.create(known.config.parse(config), random);
}

/** Like {@link summarize}, from a configuration; a million blocks take no longer than one. Throws as {@link createModel} does. */
export function summarizeModel(family: string, config: unknown): LayerGroup[] {
  const known = familyNamed(family);
  return summarizeConfig((one) => known.create(one), known.config.parse(config));
}

/** How Hugging Face publishes models of a family. Throws a TsgptError if the family does not define it. */
export function huggingFaceForm(family: string): HuggingFaceForm {
  const { huggingFace } = familyNamed(family);
  ensure(
    huggingFace,
    `models of the family ${family} cannot be written in Hugging Face's layout; the family does not define huggingFace`,
  );
  return huggingFace;
}

/** How llama.cpp stores models of a family. Throws a TsgptError if the family does not define it. */
export function ggufForm(family: string): GgufForm {
  const { gguf } = familyNamed(family);
  ensure(gguf, `models of the family ${family} cannot be written as GGUF; the family does not define gguf`);
  return gguf;
}

/** Finds the family with the given `model_type` of Hugging Face. Throws a TsgptError if there is none. */
export function familyOfModelType(modelType: string): { family: Family; form: HuggingFaceForm } {
  const forms = families.flatMap((family) => (family.huggingFace ? [{ family, form: family.huggingFace }] : []));
  const found = forms.find(({ form }) => form.modelTypes.includes(modelType));
  const known = forms.flatMap(({ form }) => form.modelTypes).join(', ');
  ensure(found, () => `models of the type ${printable(modelType)} cannot be loaded; supported are: ${known}`);
  return found;
}

/** Finds the family with the given architecture of llama.cpp. Throws a TsgptError if there is none. */
export function familyOfGguf(architecture: string): { family: Family; form: GgufForm } {
  const forms = families.flatMap((family) => (family.gguf ? [{ family, form: family.gguf }] : []));
  const found = forms.find(({ form }) => form.architectures.includes(architecture));
  const known = forms.flatMap(({ form }) => form.architectures).join(', ');
  ensure(
    found,
    () => `models of the architecture ${printable(architecture)} are not supported; supported are: ${known}`,
  );
  return found;
}
