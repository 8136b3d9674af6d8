import { resolve } from 'node:path';
import { ensure } from '../core/errors.ts';
import type { FolderRun, TextReading } from '../disk/run/index.ts';
import type { LanguageModel } from '../models/index.ts';
import type { Tokenizer } from '../tokenizer/index.ts';
import { checkTrainOptions, measureEpochs, type TrainOptions } from '../train/index.ts';
import { formatInteger } from './format.ts';
import { ensureTrainingFits } from './memory.ts';
import type { TrainFlags } from './training-flags.ts';
import { openTrainingText, type TextPlace } from './training-text.ts';

/** Throws a TsgptError if the options are impossible, or need more memory than there is. */
export function ensureFits(
  model: Pick<LanguageModel, 'family' | 'config'>,
  options: TrainOptions,
  flags: TrainFlags,
): void {
  checkTrainOptions(options);
  ensureTrainingFits(model, options, flags.ignoreMemory);
}

/** A run on texts. */
export async function runOn(
  texts: readonly TextPlace[],
  reading: TextReading,
  { model, tokenizer, options }: { model: LanguageModel; tokenizer: Tokenizer; options: TrainOptions },
  flags: TrainFlags,
  signal: AbortSignal,
): Promise<FolderRun> {
  const { out, prompt = '', sampleTokens = 120 } = flags;
  tokenizer.encode(prompt); // Fail on an unknown character now, not at the first evaluation.
  ensure(sampleTokens >= 0, `--sample-tokens must be at least 0, but is ${sampleTokens}`);
  const { text, places } = await openTrainingText(texts, reading, tokenizer, flags, signal);
  const mixture = places.map((place) => ({ ...place, path: resolve(place.path) }));
  const run = { model, tokenizer, text, signal, folder: out };
  return {
    ...run,
    textPath: mixture[0]!.path,
    mixture: mixture.length > 1 ? mixture : undefined,
    textReading: reading,
    sample: { prompt, tokens: sampleTokens },
    options: await withEpochs(options, run, flags),
  };
}

/** `options` with the steps that `--epochs` takes. Says how well documents fit into windows, if they are packed. */
async function withEpochs(
  options: TrainOptions,
  { model, text, signal }: Pick<FolderRun, 'model' | 'text' | 'signal'>,
  { epochs, onPacking }: TrainFlags,
): Promise<TrainOptions> {
  if (options.order === 'random' || (epochs === undefined && options.order !== 'packed')) return options;
  const { steps, packing } = await measureEpochs(model, text, options, epochs ?? 1, signal);
  if (packing) {
    const { documents, rows, predicted, padding, cutDocuments } = packing;
    const share = `${((100 * predicted) / (predicted + padding)).toFixed(1)}%`;
    onPacking?.(
      `${formatInteger(documents)} documents are packed into ${formatInteger(rows)} windows: ${share} of the positions predict a ` +
        `token, the rest is padding; ${formatInteger(cutDocuments)} documents are longer than a window and are cut.`,
    );
  }
  return epochs === undefined ? options : { ...options, steps };
}
