import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensure } from '../../src/core/errors.ts';

/** A lesson: a script that runs by itself, and the page that tells its story. */
export interface Lesson {
  readonly number: number;
  /** The file name without its ending: "06-attention". */
  readonly name: string;
  /** Path of the TypeScript file. */
  readonly script: string;
  /** Path of the Markdown file; it need not exist. */
  readonly page: string;
}

const SCRIPT = /^(\d\d)-[\w-]+\.ts$/;

/**
 * The lessons in `folder`, every `NN-name.ts`, in order of their numbers.
 *
 * @throws TsgptError if there are none, or if two have the same number
 */
export function findLessons(folder: string): Lesson[] {
  const scripts = readdirSync(folder).filter((file) => SCRIPT.test(file));
  ensure(scripts.length > 0, `There are no lessons in ${folder}: a lesson is a file named like 06-attention.ts.`);
  const lessons = scripts.sort().map((file) => {
    const name = file.slice(0, -'.ts'.length);
    return { number: Number(name.slice(0, 2)), name, script: join(folder, file), page: join(folder, `${name}.md`) };
  });
  for (const [i, { number, name }] of lessons.entries()) {
    const before = lessons[i - 1];
    ensure(before?.number !== number, `Two lessons have number ${number}, ${before?.name} and ${name}: renumber one.`);
  }
  return lessons;
}

/**
 * The lessons that `wanted` names by their number ("6", "06") or a part of their name ("attention").
 *
 * @throws TsgptError with the list of lessons if an entry of `wanted` matches none
 */
export function chooseLessons(lessons: readonly Lesson[], wanted: readonly string[]): Lesson[] {
  const list = lessons.map(({ name }) => name).join(', ');
  ensure(wanted.length > 0, `Say which lesson to run by its number or a part of its name: ${list}.`);
  const chosen = new Set<Lesson>();
  for (const want of wanted) {
    const named = (lesson: Lesson) =>
      /^\d+$/.test(want) ? lesson.number === Number(want) : want !== '' && lesson.name.includes(want);
    const found = lessons.filter(named);
    ensure(found.length > 0, `There is no lesson "${want}"; the lessons are ${list}.`);
    for (const lesson of found) chosen.add(lesson);
  }
  return lessons.filter((lesson) => chosen.has(lesson));
}
