export { CharTokenizer, CharVocabulary } from './char.ts';
export { Gpt2Tokenizer } from './gpt2.ts';
export { tokenizerFromJSON } from './load.ts';
export type { EncodeOptions, StreamDecoder, Tokenizer, TokenizerJSON } from './tokenizer.ts';
