/**
 * Tokenizers: text to token ids and back. `CharTokenizer` has single characters as tokens, `GPT2Tokenizer` is GPT-2's, `HuggingFaceTokenizer` is
 * that of a published model. Each is a {@link Tokenizer}.
 */
export { CharTokenizer, CharVocabulary } from './char.ts';
export { GPT2Tokenizer } from './gpt2.ts';
export {
  type HuggingFaceTokenizerFiles,
  huggingFaceTokenizerFiles,
  readHuggingFaceTokenizer,
} from './hugging-face/read-files.ts';
export { HuggingFaceTokenizer } from './hugging-face/tokenizer.ts';
export { tokenizerFromJSON } from './load.ts';
export { sameTokens } from './same-tokens.ts';
export {
  type EncodeOptions,
  fitsModel,
  type StreamDecoder,
  type StreamDecoderOptions,
  type Tokenizer,
  type TokenizerJSON,
} from './tokenizer.ts';
export type { PatternName } from './training/patterns.ts';
export { type TrainFromTextsOptions, trainTokenizer } from './training/train-tokenizer.ts';
export type { TrainTokenizerOptions } from './training/training-options.ts';
export type { PatternChoice } from './training/word-pattern.ts';
