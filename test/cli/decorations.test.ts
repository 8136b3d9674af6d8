import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { inTerminal, temporaryFolder, textFile, tiny, tsgpt } from '../support/run-cli.ts';

vi.mock('../../src/cli/loss-chart.ts', async (original) => ({
  ...(await original<object>()),
  lossChartText() {
    throw new RangeError('no chart today');
  },
}));
vi.mock('../../src/charts/loss-curve.ts', async (original) => ({
  ...(await original<object>()),
  lossCurveSvg: () => Promise.reject(new Error('no drawing today')),
}));
vi.mock('../../src/generate/index.ts', async (original) => ({
  ...(await original<object>()),
  generate() {
    throw new Error('no sample today');
  },
}));
vi.mock('../../src/cli/format.ts', async (original) => ({
  ...(await original<object>()),
  formatSeconds() {
    throw new Error('no time today');
  },
}));

describe('what only decorates a run', () => {
  it.each([undefined, 80])(
    'is told in a line if it fails, and ends nothing (terminal of %s columns)',
    async (columns) => {
      if (columns) inTerminal(columns);
      vi.stubEnv('TERM', 'xterm');
      const folder = join(temporaryFolder(), 'run');
      const { code, stdout, stderr } = await tsgpt('train', textFile(), '--out', folder, ...tiny);
      expect(code).toBe(0);
      const warnings = new Set(stderr.split('\n').filter((line) => line.includes('today')));
      expect([...warnings].map((line) => line.slice(line.indexOf('warning')))).toEqual([
        expect.stringContaining(`warning: the run in ${folder} could not write a sample: no sample today`),
        'warning: cannot show the progress: no time today',
        `warning: the run in ${folder} could not draw loss.svg: no drawing today`,
        'warning: cannot show the loss curve: no chart today',
      ]);
      expect(stdout).toContain(`Saved in ${folder}`);
      expect(existsSync(join(folder, 'best.json'))).toBe(true);
    },
  );
});
