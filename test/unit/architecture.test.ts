import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { imports, sources, targetOf } from '../support/imports.ts';

/** The folders of `src/` in the order of the map, top to bottom. */
const floors = [...readFileSync('docs/architecture.md', 'utf8').matchAll(/^\| `src\/([\w-]+)\/` \|/gm)].map(
  ([, f]) => f!,
);

const floorOf = (path: string) => path.split('/')[0]!;

/** The files that put the floors together for the outside; they stand above all of them. */
const entries = sources.filter((path) => !path.includes('/'));

describe('the map in docs/architecture.md', () => {
  it('has a line for every folder, and a folder for every line', () => {
    const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect([...floors].sort()).toEqual(folders.map(({ name }) => name).sort());
  });

  it('is kept by every import: none points up', () => {
    const up = imports
      .filter(({ file, specifier }) => specifier.startsWith('.') && !entries.includes(file))
      .filter((found) => {
        const [from, to] = [floorOf(found.file), floorOf(targetOf(found))];
        return from !== to && !(floors.indexOf(to) > floors.indexOf(from));
      });
    expect(up).toEqual([]);
  });

  it('lets other floors into the graph only through its index', () => {
    const around = imports.filter((found) => {
      const target = found.specifier.startsWith('.') ? targetOf(found) : '';
      return floorOf(target) === 'graph' && target !== 'graph/index.ts' && floorOf(found.file) !== 'graph';
    });
    expect(around).toEqual([]);
  });

  it('keeps Node and ONNX Runtime out of the portable floors', () => {
    const mayUseNode = /^(cli|disk|runtime\/node)\/|^node\.ts$/;
    const outside = imports.filter(
      ({ file, specifier }) => /^(node:|onnxruntime-)/.test(specifier) && !mayUseNode.test(file),
    );
    expect(outside).toEqual([]);
  });
});
