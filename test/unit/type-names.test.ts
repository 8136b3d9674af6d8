import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sources } from '../support/imports.ts';

it('one name stands for one exported type', () => {
  const places = new Map<string, string[]>();
  for (const file of sources) {
    const text = readFileSync(join('src', file), 'utf8');
    for (const [, name] of text.matchAll(/^export (?:abstract )?(?:interface|type|class) (\w+)/gm)) {
      places.set(name!, [...(places.get(name!) ?? []), file]);
    }
  }
  expect(places.size).toBeGreaterThan(100);
  const several = [...places].filter(([, files]) => files.length > 1);
  expect(several).toEqual([]);
});
