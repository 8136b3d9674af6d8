import { describe, expect, it } from 'vitest';
import { type Import, imports, targetOf } from '../support/imports.ts';

/** The folders in which files may import each other in a circle, be it only their types. */
const exceptions = [
  'tensor/', // the class Tensor has the operations as methods, and these make tensors
  // Still to be taken apart.
  'models/',
];

describe('files that import each other in a circle', () => {
  it('are found', () => {
    const from = (file: string, specifier: string) => ({ file, specifier });
    const edges = [from('a.ts', './b.ts'), from('b.ts', './c/d.ts'), from('c/d.ts', '../a.ts'), from('e.ts', './a.ts')];
    expect(circlesOf(edges)).toEqual([['a.ts', 'b.ts', 'c/d.ts']]);
    expect(circlesOf(edges.slice(1))).toEqual([]);
  });

  it('are only where it is said', () => {
    const circles = circlesOf(imports.filter(({ specifier }) => specifier.startsWith('.')));
    const isException = (files: readonly string[]) =>
      exceptions.some((folder) => files.every((file) => file.startsWith(folder)));
    expect(circles.filter((files) => !isException(files))).toEqual([]);
    expect(circles.map(([file]) => file!.split('/')[0])).toContain('tensor');
  });
});

/** The groups of files that import each other, directly or through others. */
function circlesOf(edges: readonly Import[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const edge of edges) targets.set(edge.file, [...(targets.get(edge.file) ?? []), targetOf(edge)]);
  const reachable = (start: string): Set<string> => {
    const found = new Set<string>();
    const waiting = [start];
    while (waiting.length > 0) {
      const reached = (targets.get(waiting.pop()!) ?? []).filter((target) => !found.has(target));
      for (const target of reached) found.add(target);
      waiting.push(...reached);
    }
    return found;
  };
  const files = [...targets.keys()];
  const reach = new Map(files.map((file) => [file, reachable(file)]));
  const inCircle = files.filter((file) => reach.get(file)!.has(file));
  const circleOf = (file: string) =>
    inCircle.filter((other) => reach.get(file)!.has(other) && reach.get(other)!.has(file));
  return [...new Map(inCircle.map((file) => [circleOf(file)[0]!, circleOf(file)])).values()];
}
