/**
 * tsgpt: a GPT written from scratch in TypeScript. The parts are also there by themselves: `tsgpt/tensor`, `tsgpt/nn`,
 * `tsgpt/models`, `tsgpt/tokenizer`, `tsgpt/text`, `tsgpt/train`, `tsgpt/generate`, `tsgpt/random`.
 */

export * from './compile/index.ts';
export { TsgptError } from './core/errors.ts';
export * from './generate/index.ts';
export * from './inspect/index.ts';
export * from './measure/index.ts';
export * from './models/index.ts';
export * from './nn/index.ts';
export * from './random/index.ts';
export { getRuntime, type Runtime, setRuntime } from './runtime/index.ts';
export * from './tensor/index.ts';
export * from './text/index.ts';
export * from './tokenizer/index.ts';
export * from './train/index.ts';
