/**
 * Builds the book into `book/dist`: runs the lessons whose outputs are out of date, writes the pages, makes the API reference, and has
 * VitePress make a site of it all. `npm run book -- --serve` shows it at an address of this machine when it is built.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { filesIn, hashFiles } from '../../lessons/kit/hash-files.ts';
import { TsgptError } from '../../src/core/errors.ts';
import { writeSite } from './site.ts';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const book = join(root, 'book');
const pages = join(book, 'pages');
const tsx = ['--import', 'tsx'];
const vitepress = join(book, 'node_modules', 'vitepress', 'bin', 'vitepress.js');

/** Runs a program on this terminal. */
function run(what: string, command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  return new Promise((fulfil, reject) => {
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? fulfil() : reject(new TsgptError(`${what} failed; see above.`))));
  });
}

/** Has TypeDoc write the API reference, unless it is there and nothing has changed. */
async function writeReference(folder: string): Promise<void> {
  // It links to the pages of source files, so it depends on which there are.
  const sources = filesIn(join(pages, 'source')).join();
  const key =
    hashFiles(root, ['src', 'package.json', 'book/reference.ts', 'book/build', 'book/package-lock.json']) + sources;
  const keyFile = join(folder, 'key.txt');
  if (existsSync(keyFile) && readFileSync(keyFile, 'utf8') === key) return;
  console.log('API reference');
  rmSync(folder, { recursive: true, force: true });
  await run('The API reference', process.execPath, [...tsx, join(book, 'reference.ts'), root, folder]);
  writeFileSync(keyFile, key);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { serve: { type: 'boolean', default: false } } });
  const started = performance.now();
  if (!existsSync(vitepress)) {
    console.log("installing the book's own packages");
    await run('Installing them', 'npm', ['ci', '--ignore-scripts', '--prefix', 'book']);
  }
  mkdirSync(pages, { recursive: true });
  console.log('lessons');
  await writeSite({
    root,
    pages,
    cache: join(root, 'runs', 'book', 'lessons'),
    log: (line) => console.log(`  ${line}`),
  });
  await writeReference(join(pages, 'reference'));
  console.log('site');
  await run('VitePress', process.execPath, [vitepress, 'build', book]);
  console.log(`book/dist is built, in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  if (values.serve) await run('Serving it', process.execPath, [vitepress, 'preview', book]);
}

try {
  await main();
} catch (error) {
  const ours = error instanceof TsgptError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  if (!ours) throw error;
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = 1;
}
