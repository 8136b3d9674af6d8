import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

it('the portable floors type-check with a browser in place of Node', () => {
  const tsc = 'node_modules/typescript/bin/tsc';
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', 'test/portable/tsconfig.json'], { encoding: 'utf8' });
  // Charts draw into a document of their own, which is not of the browser's type.
  const errors = stdout.split('\n').filter((line) => /^\S/.test(line) && !line.startsWith('src/charts/'));
  expect(errors).toEqual([]);
});
