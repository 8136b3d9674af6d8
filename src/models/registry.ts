import { ensure } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import type { Random } from '../random/random.ts';
import type { Family, GgufForm, HuggingFaceForm } from './family.ts';
import { gpt2Family } from './gpt2/index.ts';
import type { LanguageModel } from './language-model.ts';
import { type LayerGroup, summarizeConfig } from './layer-summary.ts';
import { llamaFamily } from './llama/index.ts';

/** The model families, the only list of them. A new family is one more line. */
const families: Family[] = [
  gpt2Family, //
  llamaFamily,
];

/**
 * Adds a family of your own: from then on its models can be trained in a folder, saved, opened, converted and described like all others.
 *
 * @throws TsgptError if its name, or a name by which Hugging Face or llama.cpp know it, is taken
 */
export function registerFamily(family: Family): void {
  const taken = families.flatMap((known) => [
    ...(known.name === family.name ? [known.name] : []),
    ...shared(known.huggingFace?.modelTypes, family.huggingFace?.modelTypes),
    ...shared(known.gguf?.architectures, family.gguf?.architectures),
  ]);
  ensure(taken.length === 0, () => `there is a model family ${printable(taken[0]!)} already; choose another name`);
  families.push(family);
}

const shared = (some: readonly string[] = [], others: readonly string[] = []) =>
  some.filter((name) => others.includes(name));

/** All families: those of the library and those that were registered. */
export function modelFamilies(): readonly Family[] {
  return families;
}

/** The family that checkpoints call `name`. Throws a TsgptError if there is none. */
export function familyNamed(name: string): Family {
  const family = families.find((family) => family.name === name);
  const known = families.map(({ name }) => name).join(', ');
  ensure(family, () => `there is no model family "${printable(name)}" here; known: ${known}`);
  return family;
}

/** A freshly initialised model of the named family. Throws if the family is unknown or the configuration is not one of it. */
export function createModel(family: string, config: unknown, random?: Random): LanguageModel {
  const known = familyNamed(family);
  return known.create(known.config.parse(config), random);
}

/** What {@link summarize} says of a model of the named family, as fast for a million blocks as for one. Throws as {@link createModel} does. */
export function summarizeModel(family: string, config: unknown): LayerGroup[] {
  const known = familyNamed(family);
  return summarizeConfig((one) => known.create(one), known.config.parse(config));
}

/** How the family of a model is published at Hugging Face. Throws a TsgptError if it is not. */
export function huggingFaceForm(family: string): HuggingFaceForm {
  const { huggingFace } = familyNamed(family);
  ensure(
    huggingFace,
    `a model of the family ${family} cannot be written in the layout of Hugging Face; its family has no such form`,
  );
  return huggingFace;
}

/** How llama.cpp stores the family of a model. Throws a TsgptError if it does not. */
export function ggufForm(family: string): GgufForm {
  const { gguf } = familyNamed(family);
  ensure(gguf, `a model of the family ${family} cannot be written as GGUF; its family has no such form`);
  return gguf;
}

/** The family with a `model_type` of Hugging Face's. Throws a TsgptError if there is none. */
export function familyOfModelType(modelType: string): { family: Family; form: HuggingFaceForm } {
  const forms = families.flatMap((family) => (family.huggingFace ? [{ family, form: family.huggingFace }] : []));
  const found = forms.find(({ form }) => form.modelTypes.includes(modelType));
  const known = forms.flatMap(({ form }) => form.modelTypes).join(', ');
  ensure(found, () => `models of the type ${printable(modelType)} cannot be loaded; supported are: ${known}`);
  return found;
}

/** The family with one of llama.cpp's architectures. Throws a TsgptError if there is none. */
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
