import { GPT2_WORD } from '../hugging-face/pre-tokenizer.ts';

/** Numbers of at most three digits, contractions in any case, and line breaks apart from other white space: as in GPT-4's tokenizer. */
const cl100k =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** Regular expressions that cut a text into words, in Oniguruma's syntax. Llama 3 has GPT-4's. */
export const wordPatterns = { gpt2: GPT2_WORD, cl100k, llama3: cl100k };
export type PatternName = keyof typeof wordPatterns;
export const patternNames = Object.keys(wordPatterns) as PatternName[];

export const isPatternName = (name: unknown): name is PatternName => patternNames.includes(name as PatternName);
