import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

it('the portable floors type-check with a browser in place of Node', () => {
  const tsc = 'node_modules/typescript/bin/tsc';
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', 'test/portable/tsconfig.json'], { encoding: 'utf8' });
  expect(stdout.split('\n').filter((line) => /^\S/.test(line))).toEqual([]);
});
