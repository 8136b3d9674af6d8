export { Decoder, type DecoderOptions, usualCapacity } from './decoder.ts';
export { type GenerateOptions, generate, promptIds } from './generate.ts';
export { type GeneratedToken, type GenerateTokensOptions, generateBatch, generateTokens } from './generate-tokens.ts';
export { type CacheShape, KVCache } from './kv-cache.ts';
export type { ScoredToken } from './log-probabilities.ts';
export { type Quantization, quantizations, quantizedStorage } from './quantization.ts';
export { candidates, checkSamplingOptions, type SamplingOptions, sampleToken } from './sampling.ts';
export { StopFilter } from './stop-filter.ts';
export type { TargetScores } from './target-scores.ts';
