/**
 * How llama.cpp cuts a text into words before it merges their bytes: `tokenizer.ggml.pre` holds a name, and the patterns are part of
 * llama.cpp (`llama-vocab.cpp`). Here each name has the patterns that its tokenizers are published with at Hugging Face.
 */
export interface PreTokenizerForm {
  readonly names: readonly string[];
  /** `normalizer` and `pre_tokenizer` of the published tokenizer.json. */
  readonly normalizer: object | null;
  readonly preTokenizer: object;
  /** Whether a word that is a token becomes it, whatever the merges say. */
  readonly ignoreMerges: boolean;
  /** Whether llama.cpp puts the token that a text begins with before it, if the file does not say. */
  readonly addBos: boolean;
}

export const gpt2PreTokenizer = byteLevel({ use_regex: true });

const spaces = '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
/** As GPT-4's tokenizer, with up to `digits` digits together. */
const gpt4Pattern = (digits: string) =>
  `${contractions}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${spaces}`;

const qwen2PreTokenizer = sequence(split(gpt4Pattern('\\p{N}')), byteLevel({ use_regex: false }));

/** The first name of each is the one that is written. */
export const preTokenizerForms: readonly PreTokenizerForm[] = [
  {
    names: ['gpt-2', 'phi-2'],
    normalizer: null,
    preTokenizer: gpt2PreTokenizer,
    ignoreMerges: false,
    addBos: false,
  },
  {
    names: ['llama-bpe', 'llama3', 'llama-v3'],
    normalizer: null,
    preTokenizer: sequence(split(gpt4Pattern('\\p{N}{1,3}')), byteLevel({ use_regex: false })),
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
    preTokenizer: sequence({ type: 'Digits', individual_digits: true }, byteLevel({ use_regex: true })),
    ignoreMerges: false,
    addBos: false,
  },
];

function byteLevel({ use_regex }: { use_regex: boolean }) {
  return { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex };
}

function split(Regex: string) {
  return { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false };
}

function sequence(...pretokenizers: object[]) {
  return { type: 'Sequence', pretokenizers };
}
