import { existsSync, statSync } from 'node:fs';
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

/** The run that `--resume` continues, with what the other flags change. */
export async function resumedRun(text: string | undefined, flags: TrainFlags, signal: AbortSignal): Promise<FolderRun> {
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
  const { step } = file;
  const made = step === options.steps ? 'has finished its' : 'has already made';
  ensure(
    step < options.steps,
    `the run in ${flags.out} ${made} ${step} steps; add more, for instance with --steps ${2 * step}`,
  );
  const place = text ?? textBefore.path;
  ensureFits(model, options, flags);
  ensure(
    text !== undefined || existsSync(place),
    `the text of the run in ${flags.out} is no longer at ${place}; say where it is now: ` +
      `${programName()} train <file or folder> --resume --out ${flags.out}`,
  );
  // Older runs read only .txt files of a folder.
  const isFolder = statSync(place, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const readBefore = textBefore.reading ?? (isFolder ? { include: ['*.[tT][xX][tT]'] } : {});
  const reading = { ...readBefore, ...readingOf(flags) };
  const wanted = {
    ...flags,
    prompt: flags.prompt ?? sample?.prompt,
    sampleTokens: flags.sampleTokens ?? sample?.tokens,
  };
  const run = await runOn(place, reading, { model, tokenizer }, wanted, signal, textBefore.trainTokens);
  return { ...run, options, resumeFrom: checkpoint };
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
