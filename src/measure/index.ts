export type { CasesOptions } from './continuations.ts';
export {
  type HellaSwagCase,
  type HellaSwagReport,
  type HellaSwagResult,
  measureHellaSwag,
  readHellaSwag,
} from './hellaswag.ts';
export {
  type LambadaCase,
  type LambadaReport,
  type LambadaResult,
  measureLambada,
  readLambada,
} from './lambada.ts';
export {
  type BeginOfText,
  beginOfTextPlaces,
  measurePerplexity,
  type PerplexityOptions,
  type PerplexityResult,
} from './perplexity.ts';
export { type SlidingWindow, type SlidingWindowOptions, slidingWindows } from './sliding-windows.ts';
export { type Estimate, perplexityInterval, RunningMean, shareInterval } from './statistics.ts';
export { type TextToken, tokenStream } from './token-stream.ts';
