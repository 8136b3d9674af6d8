import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { TsgptError } from '../../src/core/errors.ts';

/** A project folder with these files, removed after the test. */
export function projectWith(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'tsgpt-book-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  write(root, 'package.json', '{ "type": "module" }');
  for (const [path, text] of Object.entries(files)) write(root, path, text);
  return root;
}

export function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** What the lessons of these tests import: section() and picture() like the real ones, but without packages. */
export const KIT = `
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
export function section(title: string): void {
  console.log('\\n\\x1b[1m## ' + title + '\\x1b[22m');
}
export function picture(lesson: string, name: string, svg: string): void {
  const folder = join(process.env.TSGPT_LESSONS_OUT!, lesson);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name + '.svg'), svg);
  console.log('picture: ' + join(folder, name + '.svg'));
}
`;

export const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" class="chart"><title>Two dots</title><desc>One, two.</desc></svg>';

/** Two lessons and their pages. */
export const twoLessons = {
  'package-lock.json': '{}',
  'lessons/kit/lesson.ts': KIT,
  'lessons/01-sums.ts': `import { section } from './kit/lesson.ts';

section('One and one');
const two: number = 1 + 1;
console.log(two);

section('In a table');
console.log('a  b');
console.log('1  2');
`,
  'lessons/01-sums.md': `---
title: Sums
description: "One and one is two."
---

# Sums

<!-- code: imports -->

It comes out:

<!-- run: One and one -->

<!-- output: In a table -->
`,
  'lessons/02-pictures.ts': `import { picture, section } from './kit/lesson.ts';

section('Dots');
console.log('before');
picture('02-pictures', 'dots', ${JSON.stringify(SVG)});
console.log('after');
`,
  'lessons/02-pictures.md': `---
title: Pictures
description: What two dots look like.
---

<!-- run: Dots -->

<!-- source: src/dots.ts Dots.count -->
`,
  'src/dots.ts': `export class Dots {
  /** How many there are. */
  count(): number {
    return 2;
  }
}
`,
  'book/index.md': `---
layout: BookHome
---

<!-- lessons -->
`,
};

/** A mistake in a lesson or page: one sentence that says what is wrong. */
export function expectSentence(action: () => unknown, sentence: string | RegExp): void {
  let caught: unknown;
  try {
    action();
  } catch (error) {
    caught = error;
  }
  expectTsgptError(caught, sentence);
}

export async function expectRejection(promise: Promise<unknown>, sentence: string | RegExp): Promise<void> {
  expectTsgptError(await promise.then(() => undefined).catch((error: unknown) => error), sentence);
}

function expectTsgptError(caught: unknown, sentence: string | RegExp): void {
  expect(caught).toBeInstanceOf(TsgptError);
  const { message } = caught as TsgptError;
  if (typeof sentence === 'string') expect(message).toBe(sentence);
  else expect(message).toMatch(sentence);
}
