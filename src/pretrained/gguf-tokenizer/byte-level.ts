/**
 * How llama.cpp cuts a text into words before it merges their bytes. A file contains only a name, `tokenizer.ggml.pre`; the patterns are part of
 * llama.cpp (`llama-vocab.cpp`). Here each name has the patterns of the tokenizers published at Hugging Face.
 */
import * as v from 'valibot';
import { ensure } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { normalizerSchema } from '../../tokenizer/hugging-face/normalizer.ts';
import { preTokenizerSchema } from '../../tokenizer/hugging-face/pre-tokenizer.ts';
import type { TokenizerFile } from '../../tokenizer/hugging-face/tokenizer-file.ts';
import { byteLevel } from '../../tokenizer/hugging-face/write-files.ts';

/** A way to cut texts into words. */
interface WordForm {
  readonly names: readonly string[];
  /** `normalizer` and `pre_tokenizer` of the published tokenizer.json. */
  readonly normalizer: object | null;
  readonly preTokenizer: object;
  /** Whether a word that is in the vocabulary becomes that token, whatever the merges say. */
  readonly ignoreMerges: boolean;
  /** Whether llama.cpp adds the begin-of-text token if the file does not say. */
  readonly addBos: boolean;
}

const bytesOfWords = { ...byteLevel, use_regex: false };

const spaces = '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
/** GPT-4's pattern; `digits` is the pattern for digits that stay together. */
const gpt4Pattern = (digits: string) =>
  `${contractions}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${spaces}`;

const qwen2PreTokenizer = sequence(split(gpt4Pattern('\\p{N}')), bytesOfWords);

/** The first name of each form is the one written to files. */
const wordForms: readonly WordForm[] = [
  {
    names: ['gpt-2', 'phi-2'],
    normalizer: null,
    preTokenizer: byteLevel,
    ignoreMerges: false,
    addBos: false,
  },
  {
    names: ['llama-bpe', 'llama3', 'llama-v3'],
    normalizer: null,
    preTokenizer: sequence(split(gpt4Pattern('\\p{N}{1,3}')), bytesOfWords),
    ignoreMerges: true,
    addBos: true,
  },
  {
    names: ['qwen2'],
    normalizer: { type: 'NFC' },
    preTokenizer: qwen2PreTokenizer,
    ignoreMerges: false,
    addBos: false,
  },
  {
    names: ['deepseek-r1-qwen'],
    normalizer: null,
    preTokenizer: qwen2PreTokenizer,
    ignoreMerges: false,
    addBos: false,
  },
  {
    names: ['smollm', 'starcoder', 'refact'],
    normalizer: null,
    preTokenizer: sequence({ type: 'Digits', individual_digits: true }, byteLevel),
    ignoreMerges: false,
    addBos: false,
  },
];

function split(Regex: string) {
  return { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false };
}

function sequence(...pretokenizers: object[]) {
  return { type: 'Sequence', pretokenizers };
}

/** The form with this name. Throws a TsgptError if there is none. */
export function wordFormOf(name: string): WordForm {
  const form = wordForms.find(({ names }) => names.includes(name));
  const known = wordForms.flatMap(({ names }) => names).join(', ');
  ensure(
    form,
    () =>
      `its tokenizer.ggml.pre, the way texts are cut into words, is ${name === '' ? 'missing' : printable(name)}, ` +
      `but only these are known: ${known}`,
  );
  return form;
}

/** llama.cpp's name for the way a tokenizer cuts texts into words. Throws a TsgptError if it has none. */
export function nameOfWordForm({ normalizer, pre_tokenizer, model }: TokenizerFile): string {
  const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  const form = wordForms.find(
    (form) =>
      isSame(pre_tokenizer, v.parse(preTokenizerSchema, form.preTokenizer)) &&
      isSame(normalizer, form.normalizer && v.parse(normalizerSchema, form.normalizer)) &&
      model.ignore_merges === form.ignoreMerges,
  );
  ensure(
    form && !model.byte_fallback,
    'this tokenizer cannot be written as GGUF: llama.cpp has no name for the way it cuts texts into words ' +
      `(known here are those of ${wordForms.map(({ names }) => names[0]).join(', ')})`,
  );
  return form.names[0]!;
}
