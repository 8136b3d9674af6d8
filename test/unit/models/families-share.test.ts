import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = 'src/models';
const longest = 6;

/** Every stretch of six lines in a family's folder, without indentation, and where it begins. */
function stretchesOf(family: string): Map<string, string> {
  const stretches = new Map<string, string>();
  for (const file of readdirSync(join(root, family))) {
    const lines = readFileSync(join(root, family, file), 'utf8').split('\n').map((line) => line.trim()); // biome-ignore format: one line
    for (let i = 0; i + longest <= lines.length; i++) {
      stretches.set(lines.slice(i, i + longest).join('\n'), `${family}/${file}:${i + 1}`);
    }
  }
  return stretches;
}

it('no six lines stand twice between families', () => {
  const families = readdirSync(root, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? entry.name : [],
  );
  expect(families).toEqual(expect.arrayContaining(['gpt2', 'llama']));
  const seen = new Map<string, string>();
  const twice: string[] = [];
  for (const family of families) {
    const stretches = [...stretchesOf(family)];
    for (const [lines, place] of stretches) if (seen.has(lines)) twice.push(`${seen.get(lines)} and ${place}`);
    for (const [lines, place] of stretches) seen.set(lines, place);
  }
  expect(twice).toEqual([]);
});
