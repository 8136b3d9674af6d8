export { CharTokenizer, CharVocabulary } from './char.ts';
export { GPT2Tokenizer } from './gpt2.ts';
export {
  type HuggingFaceTokenizerFiles,
  huggingFaceTokenizerFiles,
  readHuggingFaceTokenizer,
} from './hugging-face/read-files.ts';
export { HuggingFaceTokenizer } from './hugging-face/tokenizer.ts';
export { tokenizerFromJSON } from './load.ts';
export type { EncodeOptions, StreamDecoder, Tokenizer, TokenizerJSON } from './tokenizer.ts';
