import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sources } from '../../support/imports.ts';

const textOf = (path: string) => readFileSync(`src/${path}`, 'utf8');
const filesIn = (...folders: string[]) => sources.filter((path) => folders.some((folder) => path.startsWith(folder)));

describe('the files of the compiler', () => {
  it('have fewer than 200 lines each', () => {
    const lengths = filesIn('graph/', 'compile/').map((path) => [path, textOf(path).split('\n').length - 1] as const);
    expect(lengths.length).toBeGreaterThan(20);
    expect(lengths.filter(([, length]) => length >= 200)).toEqual([]);
  });

  it('and operations never cast attributes: rules have the types of their own', () => {
    const casts = /\battributes(\.\w+)? as /;
    expect(filesIn('graph/', 'tensor/').filter((path) => casts.test(textOf(path)))).toEqual([]);
  });
});
