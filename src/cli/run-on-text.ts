import { basename, resolve } from 'node:path';
import { ensure } from '../core/errors.ts';
import { openText } from '../disk/open-text.ts';
import type { FolderRun, TextReading } from '../disk/run/index.ts';
import type { LanguageModel } from '../models/index.ts';
import { encodeText, scanCharacters, splitTrainValidation } from '../text/index.ts';
import type { Tokenizer } from '../tokenizer/index.ts';
import { checkTrainOptions, type TrainOptions } from '../train/index.ts';
import { ensureTrainingFits } from './memory.ts';
import { showingProgress } from './reading-display.ts';
import { ensureSpecialTokens, readingOf } from './text-flags.ts';
import type { TrainFlags } from './training-flags.ts';

/** Throws a TsgptError if the options are impossible, or need more memory than there is. */
export function ensureFits(
  model: Pick<LanguageModel, 'family' | 'config'>,
  options: TrainOptions,
  flags: TrainFlags,
): void {
  checkTrainOptions(options);
  ensureTrainingFits(model, options, flags.ignoreMemory);
}

/** A tokenizer for all characters of the text at `path`. */
export async function charactersOf(path: string, flags: TrainFlags, signal: AbortSignal): Promise<Tokenizer> {
  const { allowSpecial: _, ...how } = readingOf(flags);
  const source = await openText(path, { ...how, signal });
  return showingProgress(`reading ${basename(path)}`, (onProgress) => scanCharacters(source, { signal, onProgress }));
}

/** A run on the text at `path`. Its end is kept for validation: the tokens after `trainTokens`, or the fraction that the flags ask for. */
export async function runOn(
  path: string,
  { allowSpecial, ...how }: TextReading,
  { model, tokenizer }: { model: LanguageModel; tokenizer: Tokenizer },
  { out, prompt = '', sampleTokens = 120, validationFraction, onText }: TrainFlags,
  signal: AbortSignal,
  trainTokens?: number,
): Promise<FolderRun> {
  tokenizer.encode(prompt); // Fail on an unknown character now, not at the first evaluation.
  if (allowSpecial) ensureSpecialTokens(tokenizer);
  const source = await openText(path, { ...how, signal });
  onText?.(source);
  const ids = await showingProgress(`tokenizing ${basename(path)}`, (onProgress) =>
    encodeText(source, tokenizer, { allowSpecial, signal, onProgress }),
  );
  const text =
    trainTokens === undefined || validationFraction !== undefined
      ? splitTrainValidation(ids, validationFraction)
      : { train: ids.subarray(0, trainTokens), validation: ids.subarray(trainTokens) };
  ensure(
    trainTokens === undefined || text.train.length === trainTokens || ids.length < trainTokens,
    `the run in ${out} keeps ${ids.length - (trainTokens ?? 0)} of the ${ids.length} tokens of its text for validation, ` +
      `which --validation-fraction ${validationFraction} would change; leave it out`,
  );
  ensure(sampleTokens >= 0, `--sample-tokens must be at least 0, but is ${sampleTokens}`);
  const sample = { prompt, tokens: sampleTokens };
  return {
    folder: out,
    model,
    tokenizer,
    text,
    textPath: resolve(path),
    textReading: { ...how, allowSpecial },
    sample,
    signal,
  };
}
