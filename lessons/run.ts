/**
 * Runs lessons in the terminal, each in a separate process: `npm run lesson 6` or `npm run lesson attention` for one,
 * `npm run lessons` for all. With `-- --solutions`, runs the worked solutions of their exercises instead.
 */
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import colors from 'picocolors';
import { ensure, TsgptError } from '../src/core/errors.ts';
import { chooseLessons, findLessons, type LessonScript } from './kit/find-lessons.ts';

interface Result {
  readonly lesson: LessonScript;
  readonly seconds: number;
  /** How it failed, if it did: "exit code 1". */
  readonly failure?: string;
}

/** Runs a lesson, or its solutions, on this terminal. */
function run(lesson: LessonScript): Promise<Result> {
  const title = `${lesson.heading}: lessons/${lesson.name}.ts`;
  console.log(`\n${colors.bold(colors.cyan(title))}\n${colors.cyan('═'.repeat(title.length))}`);
  const start = performance.now();
  const child = spawn(process.execPath, ['--import', 'tsx', lesson.script], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const failure = code === 0 ? undefined : signal ? `signal ${signal}` : `exit code ${code}`;
      resolve({ lesson, seconds: (performance.now() - start) / 1000, failure });
    });
  });
}

function summary(results: readonly Result[]): string {
  const width = Math.max(...results.map(({ lesson }) => lesson.name.length));
  const lines = results.map(({ lesson, seconds, failure }) => {
    const time = `${seconds.toFixed(1)} s`.padStart(8);
    return `${lesson.name.padEnd(width)} ${time}  ${failure ? colors.red(`failed: ${failure}`) : colors.green('ok')}`;
  });
  const failed = results.filter(({ failure }) => failure).length;
  const seconds = results.reduce((total, result) => total + result.seconds, 0);
  const verdict = failed === 0 ? 'all ran to their end' : `${failed} failed`;
  return `\n${lines.join('\n')}\n${results.length} lessons in ${seconds.toFixed(0)} s, ${verdict}`;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { all: { type: 'boolean', default: false }, solutions: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const lessons = findLessons(dirname(fileURLToPath(import.meta.url)));
  const chosen = values.all && positionals.length === 0 ? lessons : chooseLessons(lessons, positionals);
  const scripts = values.solutions ? chosen.flatMap(({ solutions }) => solutions ?? []) : chosen;
  ensure(scripts.length > 0, 'There are no solutions of these lessons.');

  // Ctrl-C also reaches the running lesson; the lessons after it are not started.
  let interrupted = false;
  process.on('SIGINT', () => {
    interrupted = true;
  });
  const results: Result[] = [];
  for (const lesson of scripts) {
    results.push(await run(lesson));
    if (interrupted) break;
  }
  if (results.length > 1) console.log(summary(results));
  else for (const { failure } of results) if (failure) console.error(`\nThe lesson failed: ${failure}`);
  return interrupted ? 130 : results.some(({ failure }) => failure) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof TsgptError) && !(error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')) throw error;
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = 1;
}
