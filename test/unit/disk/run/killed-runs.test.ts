import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { training } from '../../../../src/disk/folder-lock.ts';
import { type FolderRun, loadCheckpoint, trainInFolder } from '../../../../src/disk/run/index.ts';
import { killAtRandom, kills } from '../../../support/killed-at-random.ts';
import { newMixtureRun, openMixture, writeMixture } from '../../../support/mixture-run.ts';
import { measured, readLog, temporaryFolder, weightBits } from '../../../support/tiny.ts';
import { newRun } from '../../../support/tiny-run.ts';

/** A run that saves at every second step, so that a kill at a random moment often falls into saving. */
const changes = { steps: 40, evalInterval: 2, evalWindows: 2 };

/** Kills such runs, and compares each with one that was never killed. */
async function killRuns(whole: FolderRun, ...mixture: string[]): Promise<void> {
  for await (const _ of trainInFolder(whole));
  await killAtRandom(() => {
    const folder = join(temporaryFolder(), 'run');
    return {
      program: 'resume-or-start-process',
      args: () => [folder, JSON.stringify(changes), ...mixture],
      within: 80, // a step takes a few milliseconds, and saving as long
      async onKilled() {
        if (!existsSync(join(folder, 'last.json'))) return 'unfinished';
        const { file } = await loadCheckpoint(folder, 'last');
        return file.step === changes.steps ? 'finished' : 'unfinished';
      },
      async check(wasKilled) {
        expect(readLog(folder).map(measured)).toEqual(readLog(whole.folder).map(measured));
        for (const name of ['last', 'best'] as const) {
          const [ours, theirs] = [await loadCheckpoint(folder, name), await loadCheckpoint(whole.folder, name)];
          expect(weightBits(ours.model)).toEqual(weightBits(theirs.model));
        }
        const left = readdirSync(folder).filter((name) => name.endsWith('.tmp') || name === training.lockName);
        if (!wasKilled) expect(left).toEqual([]);
      },
    };
  });
}

describe('a run that is killed again and again', () => {
  const timeout = 120_000 + kills * 30_000;

  it(
    'has every time a whole checkpoint, and ends bit for bit as if it had never been killed',
    () => killRuns(newRun(temporaryFolder(), changes)),
    timeout,
  );

  it(
    'on a weighted mixture of packed documents sees the same batches',
    async () => {
      const mixture = temporaryFolder();
      await writeMixture(mixture);
      await killRuns(newMixtureRun(temporaryFolder(), await openMixture(mixture), changes), mixture);
    },
    timeout,
  );
});
