import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { GPT2, type GPT2Config, type LanguageModel } from '../../src/models/index.ts';
import { Random } from '../../src/random/random.ts';
import { splitTrainValidation } from '../../src/text/index.ts';
import { CharTokenizer } from '../../src/tokenizer/index.ts';
import { defaultTrainOptions, initialRandom, type TrainOptions, type TrainReport } from '../../src/train/index.ts';

/** A model, a text and options so small that a training step takes milliseconds. */

export const tinyTokenizer = new CharTokenizer('abcdefgh');

/** Random letters. Nothing repeats in them, so a step on other windows has another loss. */
export const tinyText = splitTrainValidation(randomLetters(600, 1), 0.2);

export function randomLetters(length: number, seed: number): Uint16Array {
  const random = new Random(seed);
  return Uint16Array.from({ length }, () => random.integer(tinyTokenizer.vocabSize));
}

export const tinyConfig: GPT2Config = {
  vocabSize: tinyTokenizer.vocabSize,
  contextLength: 8,
  embDim: 16,
  nHeads: 2,
  nLayers: 1,
  dropRate: 0,
  qkvBias: false,
  tiedHead: true,
};

export const tinyOptions: TrainOptions = {
  ...defaultTrainOptions,
  steps: 12,
  batchSize: 4,
  learningRate: 1e-2,
  warmupSteps: 2,
  evalInterval: 4,
  evalWindows: 8,
  seed: 7,
};

export function tinyModel(config: Partial<GPT2Config> = {}, seed = tinyOptions.seed): GPT2 {
  return new GPT2({ ...tinyConfig, ...config }, initialRandom(seed));
}

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tsgpt-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Fingerprints of a model's weights, in which every bit counts. */
export function weightBits(model: Pick<LanguageModel, 'namedParameters'>): Record<string, string> {
  return Object.fromEntries([...model.namedParameters()].map(([name, { value }]) => [name, hashOf(value)]));
}

/** A hash of an array's bytes: large arrays are compared much faster by it than element by element. */
export function hashOf({ buffer, byteOffset, byteLength }: Float32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');
}

/** The part of a report that does not depend on the machine's speed. */
export function measured({ step, loss, gradNorm, learningRate, validationLoss }: TrainReport) {
  return { step, loss, gradNorm, learningRate, validationLoss };
}

/** The entries of a run's log. */
export function readLog(folder: string): TrainReport[] {
  const lines = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as TrainReport);
}

export async function errorOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: Error) => error,
  );
}
