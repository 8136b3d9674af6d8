import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TsgptError } from '../../../../src/core/errors.ts';
import { loadCheckpoint, trainInFolder } from '../../../../src/disk/run/index.ts';
import { smallDisk } from '../../../support/small-disk.ts';
import { errorOf, temporaryFolder, weightBits } from '../../../support/tiny.ts';
import { newRun, resumedRun } from '../../../support/tiny-run.ts';

/** A run that saves only when it is left. */
const longRun = (folder: string) => newRun(folder, { evalInterval: 100 });

async function trainTo(step: number, run: ReturnType<typeof newRun>): Promise<void> {
  for await (const report of trainInFolder(run)) if (report.step === step) break;
}

/** Resumes the run in a folder at its checkpoint of step 3, and goes on to step 5, where it is saved. */
async function resumeAndSave(folder: string): Promise<void> {
  await trainTo(5, await resumedRun(folder));
}

async function stateIn(folder: string): Promise<{ step: number; weights: object }> {
  const { file, model } = await loadCheckpoint(folder, 'last');
  return { step: file.step, weights: weightBits(model) };
}

/** The result of a run without interruptions. */
async function undisturbed() {
  const folder = temporaryFolder();
  await trainTo(12, longRun(folder));
  return stateIn(folder);
}

describe('when the disk is full', () => {
  afterEach(() => vi.restoreAllMocks());

  /** Makes the write with this number, counted from 0, fail. Returns a function that tells how many writes there were. */
  async function failWrite(number: number): Promise<() => number> {
    const probe = await open(fileURLToPath(import.meta.url));
    const methods = Object.getPrototypeOf(probe) as typeof probe;
    await probe.close();
    const write = methods.writeFile;
    const spy = vi.spyOn(methods, 'writeFile').mockImplementation(function (this: typeof probe, ...args) {
      if (spy.mock.calls.length - 1 !== number) return write.apply(this, args);
      return Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
    });
    return () => spy.mock.calls.length;
  }

  it('at whichever write, the checkpoint from before can be loaded and resumed', async () => {
    const folder = temporaryFolder();
    await trainTo(3, longRun(folder));
    const before = await stateIn(folder);

    const copy = join(temporaryFolder(), 'run');
    cpSync(folder, copy, { recursive: true });
    const writes = await failWrite(-1);
    await resumeAndSave(copy);
    vi.restoreAllMocks();

    // The log, the numbers of the model and of the optimizer one by one, and last the JSON file of the new checkpoint.
    const last = writes() - 2;
    for (const number of [0, 1, 2, 10, last >> 1, last - 1, last]) {
      await failWrite(number);
      const error = await errorOf(resumeAndSave(folder));
      vi.restoreAllMocks();
      expect(error).toBeInstanceOf(TsgptError);
      expect(error.message).toContain('the disk is full');
      expect(await stateIn(folder)).toEqual(before);
    }
    await trainTo(12, await resumedRun(folder));
    expect(await stateIn(folder)).toEqual(await undisturbed());
  });
});

/** Mounting a file system needs Linux and root; elsewhere the injected failure above stands in. */
const disk = smallDisk('80k');

describe.skipIf(disk === undefined)('on a disk that holds one checkpoint, but not two', () => {
  it('the second is refused and the first stays', async () => {
    try {
      const folder = join(disk!, 'run');
      const error = await errorOf(trainTo(12, newRun(folder)));
      expect(error).toBeInstanceOf(TsgptError);
      expect(error.message).toContain('the disk is full');
      const { step } = await stateIn(folder);
      expect(step).toBeLessThan(12);

      const elsewhere = join(temporaryFolder(), 'run');
      cpSync(folder, elsewhere, { recursive: true });
      await trainTo(12, await resumedRun(elsewhere));
      expect(await stateIn(elsewhere)).toEqual(await undisturbed());
    } finally {
      execFileSync('umount', [disk!]);
      rmSync(disk!, { recursive: true });
    }
  });
});

describe('when the process is killed', () => {
  it('at any time while it saves, there is a whole checkpoint, the old or the new one', async () => {
    const expected = await undisturbed();
    const start = temporaryFolder();
    await trainTo(3, longRun(start));
    const script = fileURLToPath(new URL('../../../support/killed-process.ts', import.meta.url));

    // Every file is flushed before it takes its name, and its folder after that. The log has been written first.
    const moments = [
      { flush: 2, step: 3, unfinished: 'step-5.model.safetensors' },
      { flush: 4, step: 3, unfinished: 'step-5.optimizer.safetensors' },
      { flush: 5, step: 3 },
      { flush: 6, step: 3, unfinished: 'last.json' },
      { flush: 7, step: 5 },
    ];
    for (const { flush, step, unfinished } of moments) {
      const folder = join(temporaryFolder(), 'run');
      cpSync(start, folder, { recursive: true });
      const { signal } = spawnSync(process.execPath, ['--import', 'tsx', script, folder, String(flush)]);
      expect(signal).toBe('SIGKILL');
      const temporary = readdirSync(folder).filter((name) => name.endsWith('.tmp'));
      expect(temporary.map((name) => name.split('.').slice(0, -2).join('.'))).toEqual(unfinished ? [unfinished] : []);

      expect((await stateIn(folder)).step).toBe(step);
      await trainTo(12, await resumedRun(folder));
      expect(await stateIn(folder)).toEqual(expected);
      expect(readdirSync(folder).filter((name) => name.includes('.safetensors.'))).toEqual([]);
    }
  });
});
