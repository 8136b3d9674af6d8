import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { ensureUnlocked, FolderLock, training } from '../../../src/disk/folder-lock.ts';
import { openModel } from '../../../src/disk/open-model.ts';
import { processStart } from '../../../src/disk/process-start.ts';
import { loadCheckpoint, trainInFolder } from '../../../src/disk/run/index.ts';
import { errorOf, temporaryFolder, weightBits } from '../../support/tiny.ts';
import { newRun, resumedRun } from '../../support/tiny-run.ts';

const lockIn = (folder: string) => join(folder, training.lockName);

/** Leaves a lock in a folder, as another process would. */
function leaveLock(folder: string, owner: object): void {
  writeFileSync(lockIn(folder), JSON.stringify({ host: hostname(), id: 'other', ...owner }));
}

/** A process that does nothing until it is killed. */
async function otherProcess(): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child as typeof child & { pid: number };
}

async function isTaken(folder: string): Promise<boolean> {
  const lock = await FolderLock.take(folder, training).catch((error) => {
    expect(error).toBeInstanceOf(TsgptError);
    return undefined;
  });
  await lock?.release();
  return lock === undefined;
}

describe('a lock', () => {
  it('refuses a second run in the folder, and names the process that has it', async () => {
    const folder = temporaryFolder();
    const first = trainInFolder(newRun(folder));
    await first.next();
    const error = await errorOf(trainInFolder(newRun(folder)).next());
    expect(error).toBeInstanceOf(TsgptError);
    expect(error.message).toBe(
      `${folder} is used by process ${process.pid} on ${hostname()}, this machine, which trains in it; wait for it or stop it, or choose another folder`,
    );
    for await (const _ of first);
    expect(existsSync(lockIn(folder))).toBe(false);
    expect((await loadCheckpoint(folder, 'last')).file.step).toBe(12);
  });

  it('of another process that runs is kept; once it is killed, the lock is taken over', async () => {
    const folder = temporaryFolder();
    const { pid, kill, ...child } = await otherProcess();
    leaveLock(folder, { pid, start: await processStart(pid) });
    expect(await isTaken(folder)).toBe(true);
    expect((await errorOf(ensureUnlocked(folder, training))).message).toContain(`process ${pid} on ${hostname()}`);
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => child.exitCode === null && isTaken(folder)).toBe(false);
    await ensureUnlocked(folder, training);
  });

  it.skipIf(process.platform === 'win32')('of a process whose number another one has now is taken over', async () => {
    const folder = temporaryFolder();
    const { pid } = await otherProcess();
    leaveLock(folder, { pid, start: 'another time' });
    expect(await isTaken(folder)).toBe(false);
    // Where the system does not tell when a process started, it is kept, and the message says how to go on.
    leaveLock(folder, { pid });
    expect((await errorOf(FolderLock.take(folder, training))).message).toContain(
      `does something else, remove ${lockIn(folder)})`,
    );
  });

  it('of another machine is kept; the message says how to remove it', async () => {
    const folder = temporaryFolder();
    leaveLock(folder, { pid: 99, host: 'elsewhere' });
    expect((await errorOf(FolderLock.take(folder, training))).message).toBe(
      `${folder} is used by process 99 on elsewhere; if that no longer runs, remove ${lockIn(folder)}, else choose another folder`,
    );
    rmSync(lockIn(folder));
    expect(await isTaken(folder)).toBe(false);
  });

  it('that was never finished is taken over', async () => {
    const folder = temporaryFolder();
    for (const contents of ['', '{"pid"', 'null', '{"pid": -1, "host": "x", "id": "y"}']) {
      writeFileSync(lockIn(folder), contents);
      utimesSync(lockIn(folder), 1, 1);
      expect(await isTaken(folder)).toBe(false);
    }
  });

  it('goes to one of many that want it at the same time', async () => {
    for (let round = 0; round < 20; round++) {
      const folder = temporaryFolder();
      leaveLock(folder, { pid: 2 ** 30 }); // no system has so many
      const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => FolderLock.take(folder, training)));
      const locks = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
      const valid = await Promise.allSettled(locks.map((lock) => lock.check()));
      expect(valid.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const lock of locks) await lock.release();
      expect(existsSync(lockIn(folder))).toBe(false);
    }
  });

  it.each([
    ['leaves the loop', 'for await (const { step } of reports) if (step === 2) break;'],
    ['fails', 'for await (const { step } of reports) if (step === 2) throw new Error("stop");'],
    ['exits', 'for await (const { step } of reports) if (step === 2) process.exit(3);'],
  ])('is released when its owner %s', (_, code) => {
    const folder = temporaryFolder();
    const url = (path: string) => JSON.stringify(new URL(path, import.meta.url));
    const program = `import { trainInFolder } from ${url('../../../src/disk/run/index.ts')};
      import { newRun } from ${url('../../support/tiny-run.ts')};
      const reports = trainInFolder(newRun(${JSON.stringify(folder)}));
      ${code}`.replaceAll('\n', ' ');
    const cwd = fileURLToPath(new URL('../../../..', import.meta.url));
    const script = join(temporaryFolder(), 'program.mts');
    writeFileSync(script, program);
    const { stderr } = spawnSync(process.execPath, ['--import', import.meta.resolve('tsx'), script], { cwd });
    expect(existsSync(join(folder, 'last.json')), String(stderr)).toBe(true);
    expect(existsSync(lockIn(folder))).toBe(false);
  });

  it('that was taken away keeps a run from saving over the other one', async () => {
    const folder = temporaryFolder();
    const run = trainInFolder(newRun(folder));
    await run.next();
    leaveLock(folder, { pid: process.pid });
    const before = readFileSync(join(folder, 'last.json'), 'utf8');
    const error = await errorOf(
      (async () => {
        for await (const _ of run);
      })(),
    );
    expect(error).toBeInstanceOf(TsgptError);
    expect(error.message).toContain(`${folder} is now used by process ${process.pid}`);
    expect(readFileSync(join(folder, 'last.json'), 'utf8')).toBe(before);
    expect(existsSync(lockIn(folder))).toBe(true); // it is the other one's
  });

  it('that someone has removed is made anew', async () => {
    const folder = temporaryFolder();
    for await (const { step } of trainInFolder(newRun(folder))) {
      if (step === 3) rmSync(lockIn(folder));
      if (step === 5) expect(existsSync(lockIn(folder))).toBe(true);
    }
  });
});

describe('a checkpoint that another process has replaced', () => {
  it('is not gone on from', async () => {
    const folder = temporaryFolder();
    for await (const { step } of trainInFolder(newRun(folder))) if (step === 2) break;
    const old = await resumedRun(folder);
    for await (const { step } of trainInFolder(await resumedRun(folder))) if (step === 5) break;
    const error = await errorOf(trainInFolder(old).next());
    expect(error).toBeInstanceOf(TsgptError);
    expect(error.message).toContain('start again to go on from there');
    expect((await loadCheckpoint(folder, 'last')).file.step).toBe(5);
  });
});

describe('a run that goes on', () => {
  it('can be read at any time', async () => {
    const folder = temporaryFolder();
    let goesOn = true;
    const training = (async () => {
      const run = newRun(folder, { steps: 50, evalInterval: 1, evalWindows: 4 });
      for await (const _ of trainInFolder(run));
      goesOn = false;
    })();
    await expect.poll(() => existsSync(join(folder, 'last.json'))).toBe(true);
    let reads = 0;
    while (goesOn) {
      const { model } = await loadCheckpoint(folder, reads % 2 === 0 ? 'last' : undefined);
      expect(Object.keys(weightBits(model)).length).toBeGreaterThan(5);
      const opened = await openModel(folder, { checkpoint: 'last' });
      await (await opened.decoder()).dispose();
      reads++;
    }
    await training;
    expect(reads).toBeGreaterThan(3);
  });
});
