import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPage } from '../../book/build/front-matter.ts';
import { writeSite } from '../../book/build/site.ts';
import { COLOURS } from '../../src/charts/theme.ts';
import { expectRejection, expectSentence, projectWith, twoLessons, write } from './fixture.ts';

async function build(root: string) {
  const log: string[] = [];
  const pages = join(root, 'book/pages');
  await writeSite({ root, pages, cache: join(root, 'runs'), log: (line) => log.push(line) });
  return {
    log,
    page: (path: string) => readFileSync(join(pages, path), 'utf8'),
    has: (path: string) => existsSync(join(pages, path)),
  };
}

describe('the pages of the book', () => {
  it('show the lessons with how to run them, what they print, and the whole file', async () => {
    const { page } = await build(projectWith(twoLessons));
    const sums = page('lessons/01-sums.md');
    expect(sums).toMatch(/^---\ntitle: "Sums"\ndescription: "One and one is two\."\n---\n/);
    expect(sums.match(/^# /gm)).toHaveLength(1);
    expect(sums).toMatch(
      /# Sums\n[\s\S]*npm run lesson 1[\s\S]*import \{ section \}[\s\S]*It comes out:[\s\S]*const two[\s\S]*\n2\n[\s\S]*a {2}b\n1 {2}2\n/,
    );
    expect(sums).toMatch(
      /::: details The whole lesson: lessons\/01-sums\.ts\n```ts\nimport[\s\S]*console\.log\('1 {2}2'\);\n```\n:::\n+$/,
    );
    const pictures = page('lessons/02-pictures.md');
    expect(pictures).toContain('# Pictures'); // the page has no heading of its own
    expect(pictures).toMatch(/before\n```[\s\S]*<svg[\s\S]*after\n```/);
  });

  it('are listed at home and in the navigation, by their front matter', async () => {
    const { page } = await build(projectWith(twoLessons));
    expect(page('index.md')).toContain(
      '1. [Sums](/lessons/01-sums) One and one is two.\n1. [Pictures](/lessons/02-pictures) What two dots look like.\n',
    );
    expect(JSON.parse(page('lessons/contents.json'))).toMatchObject([
      { text: '1. Sums', link: '/lessons/01-sums' },
      { text: '2. Pictures', link: '/lessons/02-pictures' },
    ]);
  });

  it('include the files that are quoted, with links both ways', async () => {
    const { page } = await build(projectWith(twoLessons));
    expect(page('lessons/02-pictures.md')).toContain('[src/dots.ts](/source/src/dots#L2), lines 2–5');
    expect(page('source/src/dots.md')).toMatch(/\[2\. Pictures\]\(\/lessons\/02-pictures\)[\s\S]*export class Dots/);
    expect(page('source/index.md')).toContain('(/source/src/dots)');
  });

  it('show where they stand in the overview', async () => {
    const page = twoLessons['lessons/01-sums.md'].replace('title:', 'part: attention, loss\ntitle:');
    const sums = (await build(projectWith({ ...twoLessons, 'lessons/01-sums.md': page }))).page('lessons/01-sums.md');
    const strip = /<div class="you-are-here">[\s\S]*?<\/svg>/.exec(sums)![0];
    expect(strip).toContain('You are here: attention, loss');
    const [blue] = COLOURS['series-1'];
    expect(strip.match(new RegExp(`<rect[^>]*fill="${blue}"`, 'g'))).toHaveLength(2);
  });

  it('show the solutions, and run them only when they change', async () => {
    const page = `${twoLessons['lessons/01-sums.md']}\n<!-- solution: 1 -->\nCount.\n<!-- end -->\n`;
    const solution = "import { section } from '../kit/lesson.ts';\n\nsection('Exercise 1');\nconsole.log(6 * 7);\n";
    const root = projectWith({
      ...twoLessons,
      'lessons/01-sums.md': page,
      'lessons/solutions/01-sums.ts': solution,
    });
    const first = await build(root);
    expect(first.log.map((line) => line.split(' (')[0])).toEqual([
      'ran 01-sums',
      'ran solutions/01-sums',
      'ran 02-pictures',
    ]);
    expect(first.page('lessons/01-sums.md')).toMatch(
      /Solution of exercise 1[\s\S]*Count\.[\s\S]*6 \* 7[\s\S]*42[\s\S]*<\/details>[\s\S]*All solutions: lessons\/solutions\/01-sums\.ts/,
    );
    write(root, 'lessons/solutions/01-sums.ts', solution.replace('6 * 7', '6 * 8'));
    const second = await build(root);
    expect(second.log).toEqual([expect.stringMatching(/^ran solutions\/01-sums \(/)]);
    expect(second.page('lessons/01-sums.md')).toContain('48');
  });

  it('give charts the colours of light and dark pages', async () => {
    const { page } = await build(projectWith(twoLessons));
    expect(page('charts.css')).toMatch(/^html \.chart \{[^}]*--ink: [^}]*\}[\s\S]*html\.dark \.chart \{[^}]*--ink: /);
    for (const name of Object.keys(COLOURS)) expect(page('charts.css').split(`--${name}: `).length).toBe(3);
  });

  it('follow changes, and run only what has changed', async () => {
    const root = projectWith(twoLessons);
    expect((await build(root)).log).toEqual([
      expect.stringMatching(/^ran 01-sums \(/),
      expect.stringMatching(/^ran 02-pictures \(/),
    ]);
    write(
      root,
      'lessons/02-pictures.md',
      twoLessons['lessons/02-pictures.md'].replace(/<!-- source.*/, 'Other prose.'),
    );
    const { log, page, has } = await build(root);
    expect(log).toEqual([]);
    expect(page('lessons/02-pictures.md')).toContain('Other prose.');
    expect(has('source/src/dots.md')).toBe(false);
  });
});

describe('the book is not built', () => {
  const without = (path: keyof typeof twoLessons) => {
    const { [path]: _, ...rest } = twoLessons;
    return projectWith(rest);
  };

  it('where a lesson has no page, or a page no lesson', async () => {
    await expectRejection(
      build(without('lessons/02-pictures.md')),
      'Lesson 02-pictures has no page: write lessons/02-pictures.md.',
    );
    await expectRejection(
      build(without('lessons/02-pictures.ts')),
      'lessons/02-pictures.md has no lesson: write lessons/02-pictures.ts, or rename the page like its lesson.',
    );
  });

  it('where a lesson fails', async () => {
    const root = projectWith({ ...twoLessons, 'lessons/02-pictures.ts': 'process.exit(1);' });
    await expectRejection(
      build(root),
      'lessons/02-pictures.ts ended with exit code 1: run it alone with "npm run lesson 2".',
    );
  });

  it('where a page leaves a section out', async () => {
    const page = twoLessons['lessons/01-sums.md'].replace(/<!-- output.*/, '');
    await expectRejection(
      build(projectWith({ ...twoLessons, 'lessons/01-sums.md': page })),
      'lessons/01-sums.md shows the section "In a table" of its lesson nowhere: add <!-- run: In a table -->.',
    );
  });

  it('where home has no place for the lessons', async () => {
    await expectRejection(
      build(projectWith({ ...twoLessons, 'book/index.md': '# Home\n' })),
      'book/index.md has no place for the list of lessons: add <!-- lessons -->.',
    );
  });

  it('where a page has no title or description', () => {
    const expected = (key: string) =>
      `a.md has no ${key}: begin it with front matter, ---, title: ..., description: ..., ---.`;
    expectSentence(() => readPage('a.md', '# A\n'), expected('title'));
    expectSentence(() => readPage('a.md', '---\ntitle: A\ndescription:\n---\n'), expected('description'));
    expect(readPage('a.md', '---\r\ntitle: "A: b"\r\ndescription: c \'d\'\r\n---\r\n# A\r\n')).toEqual({
      title: 'A: b',
      description: "c 'd'",
      parts: [],
      body: '# A\r\n',
    });
    expect(readPage('a.md', '---\ntitle: A\ndescription: b\npart: norm, final norm\n---\n').parts).toEqual([
      'norm',
      'final norm',
    ]);
  });

  it('where a page names a part that the overview lacks', async () => {
    const page = twoLessons['lessons/01-sums.md'].replace('title:', 'part: nose\ntitle:');
    await expectRejection(
      build(projectWith({ ...twoLessons, 'lessons/01-sums.md': page })),
      /^The overview has no part "nose"; its parts are text, tokens, .*, everything\.$/,
    );
  });
});
