import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ensure, TsgptError } from '../../core/errors.ts';
import { ensureString } from '../../core/kind.ts';
import { type CheckpointFile, type CheckpointName, readCheckpointFile } from './checkpoint-file.ts';

/** A checkpoint's JSON file that has been read. */
export interface ChosenCheckpoint {
  /** The JSON file's path. */
  path: string;
  file: CheckpointFile;
  /** Its name, if it was chosen in a run's folder. */
  name?: CheckpointName | undefined;
  /** The other checkpoint of the folder, if there is one. */
  other?: CheckpointFile | undefined;
}

/**
 * Reads the JSON file of a checkpoint. `path` is a folder or the JSON file itself. If a folder has both checkpoints, `prefer` chooses between
 * them. By default it is the best one; but a model that has not learned yet is no choice, so if that is from before the first step, it is the
 * last one.
 */
export async function chooseCheckpoint(path: string, prefer?: CheckpointName): Promise<ChosenCheckpoint> {
  ensureString('openCheckpoint', 'the path', path);
  const isFile = path.endsWith('.json') || (await stat(path).catch(() => undefined))?.isFile();
  if (isFile) return { path, file: await readCheckpointFile(path) };
  const found = await namesIn(path);
  const pathOf = (name: CheckpointName) => join(path, `${name}.json`);
  const [first, second] = found.toSorted((a, b) => Number(b === (prefer ?? 'best')) - Number(a === (prefer ?? 'best')));
  ensure(
    first,
    `there is no checkpoint in ${path}: neither last.json nor best.json; give the folder of a training run`,
  );
  const file = await readCheckpointFile(pathOf(first));
  // The other one may be damaged as long as it is not needed.
  const other = second && (await readCheckpointFile(pathOf(second)).catch(() => undefined));
  if (prefer === undefined && second && other && file.step === 0 && other.step > 0) {
    return { path: pathOf(second), file: other, name: second, other: file };
  }
  return { path: pathOf(first), file, name: first, other };
}

async function namesIn(folder: string): Promise<CheckpointName[]> {
  const entries = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'it does not exist' : 'it is not a folder';
    throw new TsgptError(`cannot read the checkpoint ${folder}: ${reason}; give the folder of a training run`, {
      cause,
    });
  });
  return (['last', 'best'] as const).filter((name) => entries.includes(`${name}.json`));
}

/** The path of the safetensors file with the weights of a checkpoint. */
export function numbersPathOf({ path, file }: Pick<ChosenCheckpoint, 'path' | 'file'>): string {
  return join(dirname(path), basename(file.model));
}

/** Whether a training run has meanwhile replaced a checkpoint, and removed its numbers. */
export async function wasReplaced(checkpoint: Pick<ChosenCheckpoint, 'path' | 'file'>): Promise<boolean> {
  if (await stat(numbersPathOf(checkpoint)).catch(() => undefined)) return false;
  const now = await readCheckpointFile(checkpoint.path).catch(() => undefined);
  return now !== undefined && now.model !== checkpoint.file.model;
}
