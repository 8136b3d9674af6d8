export { type GenerateOptions, type GenerateTokensOptions, generate, generateTokens } from './generate.ts';
export { nextLogits } from './next-logits.ts';
export { candidates, checkSamplingOptions, type SamplingOptions, sampleToken } from './sampling.ts';
