import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The part of the package node-llama-cpp, which runs llama.cpp, that the tests use. */
interface Llama {
  loadModel(options: { modelPath: string; gpuLayers: number }): Promise<LlamaModel>;
}

export interface LlamaModel {
  tokenize(text: string, specialTokens?: boolean): number[];
  createContext(options: object): Promise<{ getSequence(): LlamaSequence; dispose(): Promise<void> }>;
  dispose(): Promise<void>;
}

interface LlamaSequence {
  evaluate(tokens: readonly number[], options: object): AsyncIterable<number>;
}

const packageFile = resolve('interop', 'package.json');

/** Whether the engines in `interop/` are installed. */
export const hasLlamaCpp = existsSync(resolve('interop', 'node_modules', 'node-llama-cpp'));

let llama: Promise<Llama> | undefined;

/** Opens a GGUF file with llama.cpp, on the processor. */
export async function openWithLlamaCpp(modelPath: string): Promise<LlamaModel> {
  llama ??= start();
  return (await llama).loadModel({ modelPath, gpuLayers: 0 });
}

async function start(): Promise<Llama> {
  const path = createRequire(packageFile).resolve('node-llama-cpp');
  const { getLlama } = await import(pathToFileURL(path).href);
  // The binary that came with the package, or none: nothing is built or fetched. Its threads wait for each other by spinning.
  // On a busy machine that takes a hundred times as long as a single thread.
  const options = { gpu: false, build: 'never', skipDownload: true, progressLogs: false, logLevel: 'error' };
  return getLlama({ ...options, maxThreads: 1 });
}

/** The likeliest token, `count` times, all in float32. */
export async function continueGreedily(model: LlamaModel, prompt: readonly number[], count: number): Promise<number[]> {
  const float32Cache = { experimentalKvCacheKeyType: 'F32', experimentalKvCacheValueType: 'F32' };
  const context = await model.createContext({ contextSize: 128, threads: 1, flashAttention: false, ...float32Cache });
  const ids: number[] = [];
  for await (const id of context.getSequence().evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
    if (ids.push(id) === count) break;
  }
  await context.dispose();
  return ids;
}
