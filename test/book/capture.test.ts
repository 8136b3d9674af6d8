import { appendFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CaptureOptions, capture, commonKey } from '../../lessons/kit/capture.ts';
import { findLessons } from '../../lessons/kit/find-lessons.ts';
import { expectRejection, KIT, projectWith, SVG, twoLessons, write } from './fixture.ts';

/** Captures a lesson of a project as it is now. */
function captureIn(root: string, number = 1) {
  const lesson = findLessons(join(root, 'lessons')).find((one) => one.number === number)!;
  const options: CaptureOptions = { root, cache: join(root, 'runs/book'), common: commonKey(root) };
  return capture(lesson, options);
}

describe('capturing a lesson', () => {
  it('records what it prints, without colours, and what it draws', async () => {
    const root = projectWith(twoLessons);
    const { output } = await captureIn(root);
    expect(output).toBe('\n## One and one\n2\n\n## In a table\na  b\n1  2\n');
    const { pictures } = await captureIn(root, 2);
    expect([...pictures]).toEqual([['dots', SVG]]);
  });

  it('tells the lesson to use no colours, and does not record what it writes to standard error', async () => {
    const root = projectWith({
      'lessons/01-a.ts':
        "console.log('## A', process.env.NO_COLOR, process.stdout.isTTY, process.env.FORCE_COLOR);\nconsole.error('training');",
    });
    process.env.FORCE_COLOR = '1';
    const { output } = await captureIn(root).finally(() => delete process.env.FORCE_COLOR);
    expect(output).toBe('## A 1 undefined undefined\n');
  });

  it('runs it once while nothing changes', async () => {
    const root = projectWith(twoLessons);
    const first = await captureIn(root);
    const second = await captureIn(root);
    expect([first.ran, second.ran]).toEqual([true, false]);
    expect(second.output).toBe(first.output);
    const pictured = [await captureIn(root, 2), await captureIn(root, 2)];
    expect(pictured.map(({ ran }) => ran)).toEqual([true, false]);
    expect(pictured[1]!.pictures).toEqual(pictured[0]!.pictures);
  });

  it.each([
    'lessons/01-sums.ts',
    'lessons/kit/lesson.ts',
    'lessons/kit/new.ts',
    'dist/index.js',
    'data/novel.txt',
    'package-lock.json',
  ])('runs it again when %s is changed, or new', async (path) => {
    const root = projectWith(twoLessons);
    await captureIn(root);
    write(
      root,
      path,
      path.endsWith('01-sums.ts') ? "console.log('other');" : `${path.endsWith('lesson.ts') ? KIT : ''} // new`,
    );
    expect((await captureIn(root)).ran).toBe(true);
    expect((await captureIn(root)).ran).toBe(false);
  });

  it.each(['lessons/01-sums.md', 'lessons/02-pictures.ts', 'src/dots.ts'])(
    'does not run it again when %s is changed',
    async (path) => {
      const root = projectWith(twoLessons);
      await captureIn(root);
      appendFileSync(join(root, path), '\n// changed');
      expect((await captureIn(root)).ran).toBe(false);
    },
  );

  it('runs it again when reference models appear beside the project', async () => {
    const parent = projectWith({});
    const root = join(parent, 'project');
    for (const [path, text] of Object.entries(twoLessons)) write(root, path, text);
    await captureIn(root);
    write(parent, 'shared/models/a/config.json', '{}');
    expect((await captureIn(root)).ran).toBe(true);
  });

  it('replaces what an earlier form of the lesson drew', async () => {
    const root = projectWith(twoLessons);
    await captureIn(root, 2);
    write(root, 'lessons/02-pictures.ts', twoLessons['lessons/02-pictures.ts'].replace("'dots'", "'points'"));
    expect([...(await captureIn(root, 2)).pictures.keys()]).toEqual(['points']);
  });
});

describe('a lesson that fails', () => {
  const failing = (code: string) => projectWith({ 'lessons/01-a.ts': `console.log('## A');\n${code}` });

  it('is named, with what it wrote', async () => {
    await expectRejection(
      captureIn(failing("console.error('no such file');\nprocess.exit(3);")),
      'lessons/01-a.ts ended with exit code 3: run it alone with "npm run lesson 1". It wrote:\nno such file',
    );
    await expectRejection(
      captureIn(failing('process.exit(1);')),
      'lessons/01-a.ts ended with exit code 1: run it alone with "npm run lesson 1".',
    );
    await expectRejection(
      captureIn(failing("throw new Error('oh');")),
      /^lessons\/01-a\.ts ended with exit code 1: .*\n[\s\S]*Error: oh/,
    );
    await expectRejection(
      captureIn(failing("process.kill(process.pid, 'SIGKILL');\nawait new Promise((r) => setTimeout(r, 9000));")),
      'lessons/01-a.ts was ended by SIGKILL: run it alone with "npm run lesson 1".',
    );
  });

  it('leaves nothing behind, and what was kept before is not taken for its output', async () => {
    const root = projectWith(twoLessons);
    await captureIn(root);
    write(root, 'lessons/01-sums.ts', 'process.exit(1);');
    await expectRejection(captureIn(root), /exit code 1/);
    await expectRejection(captureIn(root), /exit code 1/);
    expect(readdirSync(join(root, 'runs/book'))).toEqual(['01-sums']);
    expect(existsSync(join(root, 'runs/book/01-sums/output.txt'))).toBe(true);
  });
});
