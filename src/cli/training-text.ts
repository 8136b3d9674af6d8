import { basename } from 'node:path';
import { ensure } from '../core/errors.ts';
import { openText } from '../disk/open-text.ts';
import type { TextReading } from '../disk/run/index.ts';
import { holdsShards, openShards } from '../disk/shards/index.ts';
import { encodeText, scanCharacters, splitTrainValidation, type TokenIds, type TokenSource } from '../text/index.ts';
import { joinedSource } from '../text/text-source.ts';
import type { Tokenizer } from '../tokenizer/index.ts';
import { type TrainingText, tokenCount } from '../train/index.ts';
import { showingProgress } from './reading-display.ts';
import { ensureSpecialTokens, readingOf } from './text-flags.ts';
import type { TrainFlags } from './training-flags.ts';

/** A text to train on. */
export interface TextPlace {
  /** A file or a folder of texts, or a folder of token shards. */
  path: string;
  /** In a mixture: how often its rows come. */
  weight: number;
  /** Of a run that is resumed: how many of its tokens are learned from. */
  trainTokens?: number | undefined;
}

/** The texts that the arguments name, with the weights that `--weights` gives. */
export function placesOf(paths: readonly string[], weights?: readonly number[]): TextPlace[] {
  ensure(
    weights === undefined || weights.length === paths.length,
    () => `--weights needs a number for each of the ${paths.length} texts, but has ${weights!.length}`,
  );
  return paths.map((path, i) => ({ path, weight: weights?.[i] ?? 1 }));
}

/** The tokenizer of the token shards among some texts, undefined if there are none. */
export async function shardTokenizer(places: readonly TextPlace[]): Promise<Tokenizer | undefined> {
  for (const { path } of places) {
    if (!(await holdsShards(path))) continue;
    const shards = await openShards(path);
    await shards.close();
    return shards.tokenizer;
  }
  return undefined;
}

/** A tokenizer for all characters of some texts. */
export async function charactersOf(
  places: readonly TextPlace[],
  flags: TrainFlags,
  signal: AbortSignal,
): Promise<Tokenizer> {
  const { allowSpecial: _, ...how } = readingOf(flags);
  const sources = await Promise.all(places.map(({ path }) => openText(path, { ...how, signal })));
  const all = joinedSource(sources, sources[0]!.path);
  return showingProgress(`reading ${basename(all.path)}`, (onProgress) => scanCharacters(all, { signal, onProgress }));
}

/** The tokens of texts, or of the mixture that several make. */
export async function openTrainingText(
  places: readonly TextPlace[],
  reading: TextReading,
  tokenizer: Tokenizer,
  flags: TrainFlags,
  signal: AbortSignal,
): Promise<{ text: TrainingText; places: Required<TextPlace>[] }> {
  const parts: (Parts & { place: TextPlace })[] = [];
  for (const place of places) {
    const isShards = await holdsShards(place.path);
    const opened = isShards
      ? await openedShards(place, reading, tokenizer, flags)
      : await tokenized(place, reading, tokenizer, flags, signal);
    parts.push({ place, ...opened });
  }
  const of = (part: keyof Parts) =>
    parts.length === 1
      ? parts[0]![part]
      : parts.map(({ place, ...sources }) => ({ source: sources[part], weight: place.weight }));
  const { endOfTextId } = tokenizer;
  return {
    text: { train: of('train'), validation: of('validation'), endOfTextId },
    places: parts.map(({ place, train }) => ({ ...place, trainTokens: tokenCount(train) })),
  };
}

type Parts = Record<'train' | 'validation', TokenIds | TokenSource>;

async function openedShards(
  { path }: TextPlace,
  reading: TextReading,
  tokenizer: Tokenizer,
  { from, validationFraction, closeLater }: TrainFlags,
): Promise<Parts> {
  const [option] = Object.keys({ ...reading, ...(validationFraction !== undefined && { validationFraction }) });
  ensure(
    option === undefined,
    () => `the option ${option} belongs to a text, but ${path} has token shards; leave it out`,
  );
  const shards = await openShards(path);
  closeLater?.(shards);
  shards.ensureTokenizer(tokenizer, from ?? 'this run');
  return { train: shards.train, validation: shards.validation };
}

/** A text in memory. Its end is kept for validation: the tokens after `trainTokens`, or the fraction that the flags ask for. */
async function tokenized(
  { path, trainTokens }: TextPlace,
  { allowSpecial, ...how }: TextReading,
  tokenizer: Tokenizer,
  { out, validationFraction, onText }: TrainFlags,
  signal: AbortSignal,
): Promise<Parts> {
  if (allowSpecial) ensureSpecialTokens(tokenizer);
  const source = await openText(path, { ...how, signal });
  onText?.(source);
  const ids = await showingProgress(`tokenizing ${basename(path)}`, (onProgress) =>
    encodeText(source, tokenizer, { allowSpecial, signal, onProgress }),
  );
  const parts =
    trainTokens === undefined || validationFraction !== undefined
      ? splitTrainValidation(ids, validationFraction)
      : { train: ids.subarray(0, trainTokens), validation: ids.subarray(trainTokens) };
  ensure(
    trainTokens === undefined || parts.train.length === trainTokens || ids.length < trainTokens,
    `the run in ${out} keeps ${ids.length - (trainTokens ?? 0)} of the ${ids.length} tokens of its text for validation, ` +
      `which --validation-fraction ${validationFraction} would change; leave it out`,
  );
  return parts;
}
