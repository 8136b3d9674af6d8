import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensure } from '../../src/core/errors.ts';

/** A TypeScript file that runs by itself. */
export interface LessonScript {
  /** Its path from the folder of lessons, without its ending: "06-attention", "solutions/06-attention". */
  readonly name: string;
  /** Path of the file. */
  readonly script: string;
  /** "Lesson 6", "Solutions of lesson 6". */
  readonly heading: string;
  /** What runs it alone: "npm run lesson 6". */
  readonly command: string;
}

/** A lesson: a script, and the page that tells its story. */
export interface Lesson extends LessonScript {
  readonly number: number;
  /** Path of the Markdown file; it need not exist. */
  readonly page: string;
  /** Worked solutions of the exercises, if they are written. */
  readonly solutions?: LessonScript;
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
    const number = Number(name.slice(0, 2));
    const page = join(folder, `${name}.md`);
    const lesson = scriptIn(folder, name, `Lesson ${number}`, `npm run lesson ${number}`);
    const of = `Solutions of lesson ${number}`;
    const solutions = scriptIn(folder, `solutions/${name}`, of, `npm run lesson ${number} -- --solutions`);
    return { ...lesson, number, page, ...(existsSync(solutions.script) ? { solutions } : {}) };
  });
  for (const [i, { number, name }] of lessons.entries()) {
    const before = lessons[i - 1];
    ensure(before?.number !== number, `Two lessons have number ${number}, ${before?.name} and ${name}: renumber one.`);
  }
  return lessons;
}

function scriptIn(folder: string, name: string, heading: string, command: string): LessonScript {
  return { name, script: join(folder, `${name}.ts`), heading, command };
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
