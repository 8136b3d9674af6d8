import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint, trainInFolder } from '../../../../src/disk/run/index.ts';
import { lockName } from '../../../../src/disk/run/lock.ts';
import { Random } from '../../../../src/random/random.ts';
import { measured, readLog, temporaryFolder, weightBits } from '../../../support/tiny.ts';
import { newRun } from '../../../support/tiny-run.ts';

/** How often a run is killed; `npm run test:mutations` kills it much more often. */
const kills = Number(process.env.TSGPT_KILLS ?? 4);

/** A run that saves at every second step, so that a kill at a random moment often falls into saving. */
const steps = 12 + 6 * kills;
const changes = { steps, evalInterval: 2, evalWindows: 2 };

const script = fileURLToPath(new URL('../../../support/resume-or-start-process.ts', import.meta.url));

describe('a run that is killed again and again', () => {
  it(
    'has every time a whole checkpoint, and ends bit for bit as if it had never been killed',
    async () => {
      const whole = newRun(temporaryFolder(), changes);
      for await (const _ of trainInFolder(whole));

      const folder = join(temporaryFolder(), 'run');
      const seed = Number(process.env.TSGPT_SEED ?? 1);
      const random = new Random(seed);
      let left = kills;
      for (let ended = false; !ended; ) {
        const child = spawn(process.execPath, ['--import', 'tsx', script, folder, JSON.stringify(changes)]);
        let errors = '';
        child.stderr.on('data', (text) => {
          errors += text;
        });
        const exited = once(child, 'exit');
        await Promise.race([once(child.stdout, 'data'), exited]); // it makes its first step
        if (left-- > 0) {
          // A step takes a few milliseconds, and saving as long.
          await new Promise((resolve) => setTimeout(resolve, random.integer(80)));
          child.kill('SIGKILL');
        }
        const [code, signal] = await exited;
        ended = signal === null;
        expect([code ?? 0, errors], `seed ${seed}`).toEqual([0, '']);
        if (existsSync(join(folder, 'last.json'))) await loadCheckpoint(folder, 'last');
      }

      expect(readLog(folder).map(measured)).toEqual(readLog(whole.folder).map(measured));
      expect(weightBits((await loadCheckpoint(folder, 'last')).model)).toEqual(weightBits(whole.model));
      expect(weightBits((await loadCheckpoint(folder, 'best')).model)).toEqual(
        weightBits((await loadCheckpoint(whole.folder, 'best')).model),
      );
      expect(readdirSync(folder).filter((name) => name.endsWith('.tmp') || name === lockName)).toEqual([]);
    },
    60_000 + kills * 5000,
  );
});
