export { CharTokenizer, CharVocabulary } from './char.ts';
export { GPT2Tokenizer } from './gpt2.ts';
export { tokenizerFromJSON } from './load.ts';
export type { EncodeOptions, StreamDecoder, Tokenizer, TokenizerJSON } from './tokenizer.ts';
