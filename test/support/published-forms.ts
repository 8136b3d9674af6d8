import { readFileSync } from 'node:fs';

/** The parts of a tokenizer.json that tests change. */
export interface TokenizerFileToChange {
  added_tokens: { id: number; content: string; special: boolean; normalized?: boolean }[];
  normalizer: unknown;
  pre_tokenizer: unknown;
  post_processor: unknown;
  decoder: unknown;
  model: {
    vocab: Record<string, number>;
    merges: (string | string[])[];
    unk_token: string | null;
    byte_fallback: boolean;
    ignore_merges?: boolean;
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

interface Form {
  name: string;
  model: string;
  file: Omit<TokenizerFileToChange, 'model'>;
  ids: string[];
  withSpecial: Record<string, string>;
  decoded: Record<string, string>;
}

const fixture: { models: Record<string, TokenizerFileToChange['model']>; texts: string[]; forms: Form[] } = JSON.parse(
  readFileSync(new URL('fixtures/published.json', import.meta.url), 'utf8'),
);

const fileOf = ({ file, model }: Form) =>
  structuredClone({ ...file, model: fixture.models[model]! }) as TokenizerFileToChange;
const numbers = (text: string) => (text === '' ? [] : text.split(' ').map(Number));

/** Tokenizers in the forms of published ones, with what Hugging Face's own implementation makes of some texts. */
export const publishedForms = fixture.forms.map((form) => ({
  name: form.name,
  file: fileOf(form),
  cases: fixture.texts.map((text, i) => ({
    text,
    ids: numbers(form.ids[i]!),
    withSpecial: numbers(form.withSpecial[i] ?? form.ids[i]!),
    decoded: form.decoded[i] ?? text,
  })),
}));

/** A small tokenizer.json in the form of GPT-2's, to be changed at will. */
export const bytesFile = () => fileOf(fixture.forms.find(({ name }) => name === 'gpt2')!);
/** One in the form of Llama 2's. */
export const charactersFile = () => fileOf(fixture.forms.find(({ name }) => name === 'llama 2')!);
