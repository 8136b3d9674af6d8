import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('charts take at most 530 lines of our own, since Vega-Lite lays them out', () => {
  const files = readdirSync('src/charts');
  expect(files.length).toBeGreaterThan(5);
  const lines = files.map((file) => readFileSync(join('src/charts', file), 'utf8').split('\n').length - 1);
  expect(lines.reduce((a, b) => a + b)).toBeLessThanOrEqual(530);
});
