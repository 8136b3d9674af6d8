import { readdirSync, readFileSync } from 'node:fs';
import { parseSync, Visitor } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { readPage } from '../../book/build/front-matter.ts';
import { capture, commonKey } from '../../lessons/kit/capture.ts';
import { findLessons } from '../../lessons/kit/find-lessons.ts';
import { PARTS } from '../../lessons/kit/overview.ts';

const lessons = findLessons('lessons');
const pages = lessons.map((lesson) => ({ ...lesson, ...readPage(lesson.page, readFileSync(lesson.page, 'utf8')) }));

/** The text below a heading, to the next of its level. */
function below(page: string, heading: string): string {
  return page.split(`\n## ${heading}\n`)[1]?.split(/\n## /)[0] ?? '';
}

/** What a script for learners must not contain. */
function distractions(path: string, source: string): string[] {
  const found: string[] = [];
  const lines = source.trimEnd().split('\n');
  if (lines.length > 80) found.push(`${path} has ${lines.length} lines`);
  for (const [i, line] of lines.entries()) if ([...line].length > 80) found.push(`${path}:${i + 1} is wider than 80`);
  const at = (start: number) => `${path}:${source.slice(0, start).split('\n').length}`;
  new Visitor({
    TSAsExpression(node) {
      const isConst = source.slice(node.typeAnnotation.start, node.typeAnnotation.end) === 'const';
      if (!isConst) found.push(`${at(node.start)} has a cast`);
    },
    TSNonNullExpression: (node) => void found.push(`${at(node.start)} has a "!"`),
  }).visit(parseSync(path, source).program);
  return found;
}

describe('the lessons', () => {
  it('are numbered from 1 without a gap', () => {
    expect(lessons.map(({ number }) => number)).toEqual(lessons.map((_, i) => i + 1));
  });

  it('have short scripts: at most 80 lines of 80 characters, no casts, no "!"', () => {
    const scripts = lessons.flatMap(({ script, solutions }) => [script, ...(solutions ? [solutions.script] : [])]);
    expect(scripts.flatMap((path) => distractions(path, readFileSync(path, 'utf8')))).toEqual([]);
    const bad = `const a = b as number;\nc!;\nconst d = [1] as const;\n// ${'x'.repeat(80)}`;
    expect(distractions('a.ts', bad)).toEqual(['a.ts:4 is wider than 80', 'a.ts:1 has a cast', 'a.ts:2 has a "!"']);
  });

  it.each(pages)('$name ends with exercises and solutions, three sentences, and its words', ({ body, solutions }) => {
    const headings = [...body.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    expect(headings.slice(-3)).toEqual(['Exercises', 'In short', 'Words']);
    const exercises = below(body, 'Exercises');
    expect(exercises.match(/^<!-- (solution: \d|end) -->$/gm)).toEqual(
      [1, 2, 3].flatMap((number) => [`<!-- solution: ${number} -->`, '<!-- end -->']),
    );
    // An exercise before each solution, an explanation in each.
    const [first, ...others] = exercises.split(/^<!-- (?:solution: \d|end) -->$/m).map((text) => text.trim());
    for (const text of [first!, ...others.slice(0, 5)]) expect(text.length).toBeGreaterThan(20);
    expect(solutions, 'lessons/solutions/ lacks it').toBeDefined();
    const inShort = below(body, 'In short').trim().replaceAll(/\s+/g, ' ');
    expect(inShort.split(/(?<=[.?!]) (?=[A-Z*`"])/), inShort).toHaveLength(3);
    expect(below(body, 'Words')).toMatch(/^(- )?\*\*[^*]+\*\*: \S/m);
    for (const line of below(body, 'Words')
      .trim()
      .split(/\n(?=- |\*\*)/))
      expect(line).toMatch(/^(- )?\*\*[^*]+\*\*: \S/);
  });

  it.each(pages)('$name has a place in the overview', ({ parts }) => {
    expect(parts.length).toBeGreaterThan(0);
    for (const part of parts) expect(PARTS).toContain(part);
  });

  it('link to each other by the right numbers', () => {
    const wrong: string[] = [];
    const files = [...pages.map(({ page }) => page), 'README.md', 'book/index.md', ...docs()];
    for (const file of files) {
      const text = readFileSync(file, 'utf8');
      for (const [link, words, target] of text.matchAll(/\[([^\]]*)\]\(([^)\s]*\d\d-[\w-]+)(?:\.md)?(?:#[\w-]+)?\)/g)) {
        const name = target!.split('/').at(-1)!;
        const lesson = lessons.find((candidate) => candidate.name === name);
        const number = /\b[Ll]esson (\d+)\b/.exec(words!)?.[1];
        if (!lesson || (number && Number(number) !== lesson.number)) wrong.push(`${file}: ${link}`);
      }
      // In prose, a lesson that is named is linked to.
      if (!file.startsWith('lessons')) continue;
      const prose = text.replaceAll(/\[[^\]]*\]\([^)]*\)|^```[\s\S]*?^```|<!--.*?-->/gm, '');
      for (const [mention] of prose.matchAll(/\blessons? \d+/gi)) wrong.push(`${file}: "${mention}" without a link`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('the solutions', () => {
  const options = { root: '.', cache: 'runs/book/lessons', common: commonKey('.') };
  const solved = lessons.flatMap(({ solutions }) => solutions ?? []);

  it.each(solved)(
    '$name run, and print an answer to each exercise',
    async (solutions) => {
      const { output, pictures } = await capture(solutions, options);
      const sections = output.split(/^## (.*)$/m).slice(1);
      const titles = sections.filter((_, i) => i % 2 === 0);
      expect(titles).toEqual(['Exercise 1', 'Exercise 2', 'Exercise 3']);
      for (const [i, text] of sections.entries())
        if (i % 2 === 1) expect(text.trim(), titles[(i - 1) / 2]).not.toBe('');
      expect(pictures).toBeDefined();
    },
    300_000,
  );
});

function docs(): string[] {
  return readdirSync('docs')
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`);
}
