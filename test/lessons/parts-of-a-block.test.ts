import { beforeAll, describe, expect, it } from 'vitest';
import { capture, commonKey } from '../../lessons/kit/capture.ts';
import { findLessons } from '../../lessons/kit/find-lessons.ts';

/** What the lessons about the parts of a block say about numbers, checked against what they print. */

const parts = ['layer-normalisation'];
const lessons = findLessons('lessons').filter(({ name }) => parts.includes(name.slice('00-'.length)));
const outputs = new Map<string, string>();

beforeAll(async () => {
  const options = { root: '.', cache: 'runs/book/lessons', common: commonKey('.') };
  for (const lesson of lessons) outputs.set(lesson.name.slice('00-'.length), (await capture(lesson, options)).output);
}, 600_000);

function section(lesson: string, title: string): string {
  const text = outputs.get(lesson)!.split(`\n## ${title}\n`)[1];
  expect(text, `lesson ${lesson} has no section ${title}`).toBeDefined();
  return text!.split('\n## ')[0]!;
}

/** The numbers in a text, without the commas in large ones. */
function numbers(text: string): number[] {
  return (text.replaceAll(/(?<=\d),(?=\d{3})/g, '').match(/-?\d+(\.\d+)?(e[+-]?\d+)?/g) ?? []).map(Number);
}

/** The numbers behind a label: `mean: 1.2`. A tensor's shape and type do not count. */
function shown(text: string, label: string): number[] {
  const rest =
    text.split(`\n${label}:`)[1] ?? (text.startsWith(`${label}:`) ? text.slice(label.length + 1) : undefined);
  expect(rest, `nothing is labelled "${label}"`).toBeDefined();
  const found = numbers(rest!.split(/, shape=|\n(?=[^\n(]+:)/)[0]!);
  expect(found, `no number is labelled "${label}"`).not.toEqual([]);
  return found;
}

describe('layer normalisation', () => {
  const lesson = 'layer-normalisation';

  it('gives mean 0 and variance 1 by the definition of the page', () => {
    const text = section(lesson, 'Normalised by hand');
    for (const mean of shown(text, 'mean')) expect(Math.abs(mean)).toBeLessThan(1e-6);
    expect(shown(text, 'variance')).toEqual([1, 1]);
  });

  it('differs from the class by eps only', () => {
    expect(shown(section(lesson, 'The class'), 'largest difference')[0]).toBeCloseTo(0.0004, 4);
  });

  it('keeps numbers at size 1 through any depth, which without it vanish or explode', () => {
    const rows = section(lesson, 'Through many layers').match(/^ +[01]\..*/gm)!;
    const size = (factor: number, depth: number, norm: string) =>
      Number(
        rows
          .map((row) => row.trim().split(/ +/))
          .find((row) => row.join().startsWith(`${factor},${depth},${norm},`))![3],
      );
    for (const depth of [10, 20, 48])
      for (const factor of [0.8, 1.2]) expect(size(factor, depth, 'with')).toBeCloseTo(1, 1);
    expect(size(0.8, 48, 'without')).toBeLessThan(1e-4);
    expect(size(1.2, 48, 'without')).toBeGreaterThan(1000);
  });

  it('learns with weights of half and of twice the right size, where a network without it does not', () => {
    const text = section(lesson, 'Learning with and without');
    const loss = (name: string) => shown(text, `${name} norm: step, loss`);
    expect(loss('weights times 0.5, no')[1]).toBeCloseTo(0.515, 3);
    expect(loss('weights times 0.5, with')[1]).toBeLessThan(0.15);
    expect(loss('weights times 2, no')[0]).toBe(1); // the next step overflowed
    expect(loss('weights times 2, with')).toEqual([300, expect.toSatisfy((loss: number) => loss < 0.05)]);
  });
});
