import { existsSync, statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { ensure } from '../core/errors.ts';
import { type FolderRun, loadCheckpoint, textTrainingRecord } from '../disk/run/index.ts';
import { familyNamed } from '../models/index.ts';
import { defined } from './flags.ts';
import { ensureFlagsOf, writtenFlags } from './model-flags.ts';
import { programName } from './program-name.ts';
import { ensureFits, runOn } from './run-on-text.ts';
import { readingOf } from './text-flags.ts';
import { isNamed } from './tokenizer-flag.ts';
import { type TrainFlags, trainOptionsOf } from './training-flags.ts';
import type { TextPlace } from './training-text.ts';

type TrainedText = ReturnType<typeof textTrainingRecord>['text'];

/** The run that `--resume` continues, with what the other flags change. */
export async function resumedRun(paths: readonly string[], flags: TrainFlags, signal: AbortSignal): Promise<FolderRun> {
  const [conflict] = Object.keys(defined({ from: flags.from, preset: flags.preset }));
  ensure(
    conflict === undefined,
    `--resume continues with the run's own model and settings, so --${conflict} does not go with it; leave one of them out`,
  );
  const checkpoint = await loadCheckpoint(flags.out, 'last');
  const { path, file, model, tokenizer } = checkpoint;
  const { options: before, text: textBefore, sample } = textTrainingRecord(checkpoint);
  ensureSame(path, { family: file.architecture }, defined({ family: flags.family }));
  ensureFlagsOf(familyNamed(file.architecture), flags.model);
  ensureSame(path, file.config, flags.model);
  ensure(
    flags.tokenizer === undefined || (await isNamed(flags.tokenizer, tokenizer)),
    `${path} belongs to a run with another tokenizer than ${flags.tokenizer}; leave --tokenizer out, or start a new run with another --out`,
  );
  ensureSame(path, { seed: before.seed }, defined({ seed: flags.seed }));
  ensureSame(path, { optimizer: before.optimizer }, defined({ optimizer: flags.optimizer }));
  const options = trainOptionsOf(flags, before);
  ensure(
    options.order === before.order,
    `${path} belongs to a run that learns in the order ${before.order}, so --epochs and --pack cannot change that; leave them out`,
  );
  ensure(
    options.separateDocuments === before.separateDocuments,
    `${path} belongs to a run without --separate-documents; leave the flag out, or start a new run with another --out`,
  );
  if (flags.epochs === undefined) ensureStepsLeft(flags.out, file.step, options.steps);
  ensureFits(model, options, flags);
  const texts = textsAgain(textBefore, paths, flags);
  // Older runs read only .txt files of a folder.
  const isFolder = statSync(texts[0]!.path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const readBefore = textBefore.reading ?? (isFolder ? { include: ['*.[tT][xX][tT]'] } : {});
  const reading = { ...readBefore, ...readingOf(flags) };
  const wanted = {
    ...flags,
    prompt: flags.prompt ?? sample?.prompt,
    sampleTokens: flags.sampleTokens ?? sample?.tokens,
  };
  const run = await runOn(texts, reading, { model, tokenizer, options }, wanted, signal);
  ensureStepsLeft(flags.out, file.step, run.options!.steps!);
  return { ...run, resumeFrom: checkpoint };
}

function ensureStepsLeft(out: string, step: number, steps: number): void {
  const made = step === steps ? 'has finished its' : 'has already made';
  ensure(step < steps, `the run in ${out} ${made} ${step} steps; add more, for instance with --steps ${2 * step}`);
}

/** The texts of the run, where they were or where they are now. */
function textsAgain(
  { path, trainTokens, mixture }: TrainedText,
  paths: readonly string[],
  { out, weights }: TrainFlags,
): TextPlace[] {
  const before = mixture ?? [{ path, trainTokens, weight: 1 }];
  ensure(
    paths.length === 0 || paths.length === before.length,
    `the run in ${out} learns from ${before.length} texts, so name as many, in the same order, or none`,
  );
  const texts = before.map((place, i) => ({ ...place, path: paths[i] ?? place.path }));
  ensure(
    weights === undefined ||
      isDeepStrictEqual(
        weights,
        texts.map(({ weight }) => weight),
      ),
    `the run in ${out} has the weights ${texts.map(({ weight }) => weight).join(',')}; leave --weights out, or start a new run with another --out`,
  );
  const missing = texts.find((text, i) => paths[i] === undefined && !existsSync(text.path));
  ensure(
    missing === undefined,
    () =>
      `the text of the run in ${out} is no longer at ${missing!.path}; say where it is now: ` +
      `${programName()} train <file or folder> --resume --out ${out}`,
  );
  return texts;
}

/** Throws a TsgptError if the flags contradict the run at `path`. */
function ensureSame(path: string, saved: unknown, asked: object): void {
  for (const [name, value] of Object.entries(asked)) {
    const before = (saved as Record<string, unknown>)[name];
    const [flag] = typeof value === 'boolean' ? writtenFlags({ [name]: value }) : [];
    ensure(
      before === value || flag === undefined,
      `${path} belongs to a run without ${flag}; leave the flag out, or start a new run with another --out`,
    );
    ensure(
      before === value,
      `${path} belongs to a run with ${name} ${before}, so it cannot continue with ${name} ${value}; ` +
        'leave the flag out, or start a new run with another --out',
    );
  }
}
