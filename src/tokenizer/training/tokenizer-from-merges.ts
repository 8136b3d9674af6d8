import { byteCharacters } from '../hugging-face/byte-characters.ts';
import { HuggingFaceTokenizer } from '../hugging-face/tokenizer.ts';
import { addedToken, byteLevel, tokenizerFileOf } from '../hugging-face/write-files.ts';
import type { LearnedMerges } from './learn-merges.ts';
import { wordPatterns } from './patterns.ts';
import type { CompleteTrainingOptions } from './training-options.ts';

/** The tokenizer that has learned these merges, in Hugging Face's form. */
export function tokenizerFromMerges(
  { tokens, merges }: LearnedMerges,
  { pattern, specialTokens }: Pick<CompleteTrainingOptions, 'pattern' | 'specialTokens'>,
): HuggingFaceTokenizer {
  const regex = typeof pattern === 'object' ? pattern.regex : wordPatterns[pattern];
  const split = { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false };
  const texts = tokens.map(byteCharacters);
  const file = tokenizerFileOf({
    vocab: texts.map((text, id) => [text, id]),
    merges: merges.map(([left, right]) => [texts[left]!, texts[right]!] as const),
    addedTokens: specialTokens.map((content, i) => addedToken(tokens.length + i, content, true)),
    preTokenizer:
      pattern === 'gpt2' ? byteLevel : { type: 'Sequence', pretokenizers: [split, { ...byteLevel, use_regex: false }] },
    decoder: byteLevel,
  });
  const [endOfText] = specialTokens;
  return new HuggingFaceTokenizer(file, {
    tokenizer_class: 'PreTrainedTokenizerFast',
    clean_up_tokenization_spaces: false,
    ...(endOfText !== undefined && { bos_token: endOfText, eos_token: endOfText }),
  });
}
