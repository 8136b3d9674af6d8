import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect } from 'vitest';
import { Random } from '../../src/random/random.ts';

/** How often programs are killed; `npm run test:mutations` kills them much more often. */
export const kills = Number(process.env.TSGPT_KILLS ?? 4);

const seed = Number(process.env.TSGPT_SEED ?? 1);

/** A program that goes on where it was killed, and writes a line whenever it has come further. */
export interface Killable {
  program: 'prepare-process' | 'resume-or-start-process';
  /** Its arguments each time it is started. */
  args(random: Random): readonly string[];
  /** Milliseconds after its first line, within which it is killed. */
  within: number;
  /** Whether it left its work finished. Checks what it left. */
  onKilled(): Promise<'finished' | 'unfinished'>;
  /** Checks the finished work. `wasKilled`: after its last step, so that it could not clean up. */
  check(wasKilled: boolean): Promise<void>;
}

/**
 * Kills programs {@link kills} times in all. Each is started again until its work is finished; when one has finished before that, the next is made.
 */
export async function killAtRandom(make: () => Killable): Promise<void> {
  await bundlePrograms();
  const random = new Random(seed);
  let [killed, finished] = [0, 0];
  for (; killed < kills; finished++) {
    const killable = make();
    let wasKilled = false;
    do {
      wasKilled = await runOnce(killable, random, killed < kills);
      if (wasKilled) killed++;
    } while (wasKilled && (await killable.onKilled()) === 'unfinished');
    await killable.check(wasKilled);
  }
  if (process.env.TSGPT_KILLS) console.log(`${killed} kills, ${finished} times finished (seed ${seed})`);
}

/** Where bundles find the packages that they import. */
const bundles = fileURLToPath(new URL('../../node_modules/.cache/killed-programs', import.meta.url));

/** A bundle starts four times as fast as TypeScript does. */
async function bundlePrograms(): Promise<void> {
  const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  const programs = ['./prepare-process.ts', './resume-or-start-process.ts', '../../src/disk/shards/encode-worker.ts'];
  await build({
    entryPoints: programs.map(path),
    outdir: bundles,
    entryNames: '[name]',
    ...{ bundle: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'silent' },
  });
}

/** Starts the program, and kills it if it is to be killed and does not end before. Returns whether it was killed. */
async function runOnce({ program, args, within }: Killable, random: Random, isToBeKilled: boolean): Promise<boolean> {
  const child = spawn(process.execPath, [join(bundles, `${program}.js`), ...args(random)]);
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const exited = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exited]);
  child.stdout.resume();
  if (isToBeKilled) {
    await new Promise((resolve) => setTimeout(resolve, random.integer(within)));
    child.kill('SIGKILL');
  }
  const [code, signal] = await exited;
  expect([code ?? 0, errors], `seed ${seed}`).toEqual([0, '']);
  return signal !== null;
}
