import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { chooseLessons, findLessons } from '../../lessons/kit/find-lessons.ts';
import { expectSentence, projectWith, twoLessons } from './fixture.ts';

const folder = (files: Record<string, string>) => `${projectWith(files)}/lessons`;

describe('lessons are found', () => {
  it('by their names, in their order, apart from everything else in the folder', () => {
    const lessons = findLessons(
      folder({ ...twoLessons, 'lessons/10-z.ts': '', 'lessons/run.ts': '', 'lessons/3-x.ts': '' }),
    );
    expect(lessons.map(({ number, name }) => `${number} ${name}`)).toEqual(['1 01-sums', '2 02-pictures', '10 10-z']);
  });

  it('with their solutions, if these are written', () => {
    const [sums, pictures] = findLessons(folder({ ...twoLessons, 'lessons/solutions/01-sums.ts': '' }));
    expect(sums!.solutions).toMatchObject({
      name: 'solutions/01-sums',
      script: expect.stringMatching(/lessons.solutions.01-sums\.ts$/),
      command: 'npm run lesson 1 -- --solutions',
    });
    expect(pictures!.solutions).toBeUndefined();
  });

  it('unless there are none or two have one number', () => {
    expectSentence(
      () => findLessons(folder({ 'lessons/readme.md': '' })),
      /^There are no lessons in .*lessons: a lesson is a file named like 06-attention\.ts\.$/,
    );
    expectSentence(
      () => findLessons(folder({ 'lessons/02-a.ts': '', 'lessons/02-b.ts': '' })),
      'Two lessons have number 2, 02-a and 02-b: renumber one.',
    );
  });
});

describe('lessons are chosen', () => {
  const lessons = ['01-sums', '02-pictures', '12-words'].map((name) => ({
    number: Number(name.slice(0, 2)),
    name,
    script: '',
    page: '',
    heading: '',
    command: '',
  }));
  const choose = (...wanted: string[]) => chooseLessons(lessons, wanted).map(({ number }) => number);

  it('by number or a part of the name, each once and in order', () => {
    expect(choose('2')).toEqual([2]);
    expect(choose('02')).toEqual([2]);
    expect(choose('12', '1')).toEqual([1, 12]);
    expect(choose('pict', '2')).toEqual([2]);
    expect(choose('s')).toEqual([1, 2, 12]);
  });

  it('or one sentence lists the lessons', () => {
    const list = '01-sums, 02-pictures, 12-words.';
    expectSentence(() => choose(), `Say which lesson to run by its number or a part of its name: ${list}`);
    for (const wanted of ['3', 'none', '', '1x']) {
      expectSentence(() => choose('1', wanted), `There is no lesson "${wanted}"; the lessons are ${list}`);
    }
  });
});

describe('npm run lesson', () => {
  // Where tests run unattended, colours may be asked for.
  const { FORCE_COLOR: _, ...inherited } = process.env;
  const env = { ...inherited, NO_COLOR: '1' };
  const lesson = (...args: string[]) =>
    spawnSync(process.execPath, ['--import', 'tsx', 'lessons/run.ts', ...args], { encoding: 'utf8', env });

  it('refuses an unknown lesson with one sentence and exit code 1', () => {
    for (const args of [['99'], ['no-such-lesson'], []]) {
      const { status, stdout, stderr } = lesson(...args);
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^error: [^\n]*01-[^\n]*\n$/);
    }
    expect(lesson('--wrong').stderr).toMatch(/^error: [^\n]*'--wrong'[^\n]*\n$/);
  });

  it('runs lessons, each under a heading, and ends with their results', () => {
    const { status, stdout } = lesson('1', '4');
    expect(status).toBe(0);
    expect(stdout).toMatch(/Lesson 1: lessons\/01-[\s\S]*\n## [\s\S]*Lesson 4: lessons\/04-[\s\S]*\n## /);
    expect(stdout).toMatch(
      /\n01-\S+ +[\d.]+ s {2}ok\n04-\S+ +[\d.]+ s {2}ok\n2 lessons in \d+ s, all ran to their end\n$/,
    );
  });
});
