import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { TsgptError } from '../../src/core/errors.ts';
import type { LessonScript } from './find-lessons.ts';
import { filesIn, hashFiles } from './hash-files.ts';

/** What a lesson, or its solutions, printed and drew. */
export interface Captured {
  readonly output: string;
  /** The SVG files by name, without their ending. */
  readonly pictures: ReadonlyMap<string, string>;
  /** Whether the lesson ran now. If not, the results come from an earlier run of exactly the same files. */
  readonly ran: boolean;
}

/** The loader that lets Node run TypeScript, found from this file wherever the lesson lies. */
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

const SCRIPT_OR_PAGE = /^lessons\/(solutions\/)?\d\d-[\w-]+\.(ts|md)$/;

/**
 * A hash of everything that any lesson's output depends on, except the script itself: the lessons' kit, the built package and the
 * packages it uses, the bundled data, whether reference models lie beside the project, and the machine.
 */
export function commonKey(root: string): string {
  const files = hashFiles(root, ['lessons', 'dist', 'data', 'package-lock.json'], (path) => !SCRIPT_OR_PAGE.test(path));
  const models = existsSync(resolve(root, '..', 'shared', 'models'));
  const { version, platform, arch } = process;
  return createHash('sha256').update(JSON.stringify({ files, models, version, platform, arch })).digest('hex');
}

export interface CaptureOptions {
  /** The project: lessons run in this folder. */
  readonly root: string;
  /** Where outputs are kept. */
  readonly cache: string;
  /** From {@link commonKey}. */
  readonly common: string;
}

/**
 * Runs a lesson or its solutions, and records what it prints to standard output and which pictures it draws. If nothing that it depends on has changed
 * since an earlier run, returns what was recorded then.
 *
 * @throws TsgptError if the lesson does not end with exit code 0; nothing is recorded then
 */
export async function capture(lesson: LessonScript, { root, cache, common }: CaptureOptions): Promise<Captured> {
  const key = createHash('sha256').update(common).update(readFileSync(lesson.script)).digest('hex');
  const folder = join(cache, lesson.name);
  const kept = read(folder, lesson, key);
  if (kept) return { ...kept, ran: false };

  // Everything is written to a new folder. When complete, it replaces the old one.
  const fresh = join(cache, `.${basename(lesson.name)}-${process.pid}`);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  try {
    writeFileSync(join(fresh, 'output.txt'), await run(lesson, root, fresh));
    writeFileSync(join(fresh, 'key.txt'), key);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(dirname(folder), { recursive: true });
    renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return { ...read(folder, lesson, key)!, ran: true };
}

function read(folder: string, lesson: LessonScript, key: string): Omit<Captured, 'ran'> | undefined {
  const keyFile = join(folder, 'key.txt');
  if (!existsSync(keyFile) || readFileSync(keyFile, 'utf8') !== key) return undefined;
  const pictures = filesIn(join(folder, basename(lesson.name))).filter((file) => file.endsWith('.svg'));
  return {
    output: readFileSync(join(folder, 'output.txt'), 'utf8'),
    pictures: new Map(pictures.map((file) => [basename(file, '.svg'), readFileSync(file, 'utf8')])),
  };
}

/** The lesson's standard output without colours and other escape sequences. */
function run(lesson: LessonScript, root: string, out: string): Promise<string> {
  const { FORCE_COLOR: _, ...inherited } = process.env;
  const env = { ...inherited, NO_COLOR: '1', TSGPT_LESSONS_OUT: resolve(out) };
  const child = spawn(process.execPath, ['--import', TSX, resolve(lesson.script)], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  return new Promise((fulfil, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) return fulfil(stripVTControlCharacters(output));
      const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
      const last = errors.trim().split('\n').slice(-15).join('\n');
      const message = `lessons/${lesson.name}.ts ${how}: run it alone with "${lesson.command}".`;
      reject(new TsgptError(last ? `${message} It wrote:\n${last}` : message));
    });
  });
}
