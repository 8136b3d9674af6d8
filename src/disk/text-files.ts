import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import picomatch from 'picomatch';
import { ensure } from '../core/errors.ts';
import { isBinary, readBeginning } from './text-kind.ts';
import { throwUnreadable } from './unreadable.ts';

/** Which files of a folder to read, as glob patterns (`*.md`, `src/**`). A pattern without a slash is compared with names at any depth. */
export interface FileChoice {
  /** Only files that match one of these. Defaults to every text file. */
  include?: readonly string[];
  /** No files and folders that match one of these. Defaults to none. */
  exclude?: readonly string[];
}

/** Something in a folder that is not read. */
export interface LeftOut {
  readonly path: string;
  readonly reason: LeftOutReason;
}

/** As many characters as a name on a disk can have, and more. */
const longestPattern = 4096;

const reasons = {
  hidden: ['hidden', 'hidden'],
  package: ['installed package', 'installed packages'],
  run: ['training run', 'training runs'],
  folderLink: ['link to a folder', 'links to folders'],
  brokenLink: ['broken link', 'broken links'],
  special: ['special file', 'special files'],
  notIncluded: ['not asked for', 'not asked for'],
  excluded: ['excluded', 'excluded'],
  empty: ['empty', 'empty'],
  binary: ['binary', 'binary'],
} as const;

export type LeftOutReason = keyof typeof reasons;

/** How many were left out for each reason: "3 hidden, 1 link to a folder". */
export function countLeftOut(leftOut: readonly LeftOut[]): string {
  const counts = new Map<LeftOutReason, number>();
  for (const { reason } of leftOut) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return Array.from(counts, ([reason, count]) => `${count} ${reasons[reason][count === 1 ? 0 : 1]}`).join(', ');
}

interface FindOptions extends FileChoice {
  encoding?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Whether a file is read, by its name, even if it does not look like text. Defaults to none. */
  accepts?: (name: string) => boolean;
}

/**
 * The text files at any depth under `folder`, in the same order on every machine, and what is left out: hidden files and folders (which begin with
 * a dot), `node_modules`, training runs, empty files, files that are not text. Links to files are followed; links to folders are not, so that a
 * loop of links does no harm. A pattern of `include` that spells out the name of a hidden file or folder, such as `.github/**`, includes it.
 */
export async function findTextFiles(
  folder: string,
  { include, exclude = [], encoding, signal, accepts }: FindOptions,
): Promise<{ files: string[]; leftOut: LeftOut[] }> {
  const isIncluded = include && matcherOf(include, 'include');
  const isExcluded = matcherOf(exclude, 'exclude');
  const named = new Set(include?.flatMap((pattern) => pattern.split('/')));
  const files: string[] = [];
  const leftOut: LeftOut[] = [];

  async function walk(place: string): Promise<void> {
    for (const entry of await entriesOf(path.join(folder, place))) {
      signal?.throwIfAborted();
      const name = place === '' ? entry.name : `${place}/${entry.name}`;
      const reason = await reasonAgainst(entry, name);
      if (reason) leftOut.push({ path: path.join(folder, name), reason });
      else if (entry.isDirectory()) await walk(name);
      else files.push(name);
    }
  }

  async function reasonAgainst(entry: Dirent, name: string): Promise<LeftOutReason | undefined> {
    const full = path.join(folder, name);
    const target = entry.isSymbolicLink() ? await stat(full).catch(() => undefined) : entry;
    if (!target) return 'brokenLink';
    const isHidden = entry.name.startsWith('.') || entry.name === '__MACOSX';
    if (target.isDirectory()) {
      if (isHidden && !named.has(entry.name)) return 'hidden';
      if (entry.name === 'node_modules' && !named.has(entry.name)) return 'package';
      if (entry.isSymbolicLink()) return 'folderLink';
      if (isExcluded(name)) return 'excluded';
      return (await isRun(full)) ? 'run' : undefined;
    }
    if (isHidden && !isIncluded?.(name)) return 'hidden';
    if (!target.isFile()) return 'special';
    if (isIncluded && !isIncluded(name)) return 'notIncluded';
    if (isExcluded(name)) return 'excluded';
    const beginning = await readBeginning(full);
    if (beginning.length === 0) return 'empty';
    return isBinary(beginning, encoding) && !accepts?.(name) ? 'binary' : undefined;
  }

  await walk('');
  leftOut.sort((a, b) => compareNames(a.path, b.path));
  return { files: files.sort(compareNames).map((name) => path.join(folder, name)), leftOut };
}

function matcherOf(patterns: readonly string[], option: 'include' | 'exclude'): (name: string) => boolean {
  const matchers = patterns.map((pattern) => {
    const plain = pattern.replace(/(?<=.)\/+$/, ''); // `drafts/` is the folder `drafts`
    ensure(plain.length > 0, `a pattern of the option ${option} is empty; give one such as *.md`);
    ensure(plain.length < longestPattern, `a pattern of the option ${option} is too long; give one such as *.md`);
    return picomatch(plain, { basename: !plain.includes('/') });
  });
  return (name) => matchers.some((matches) => matches(name));
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((error) => throwUnreadable(folder, error));
}

/** Training writes into its folder, so its text would change with every step. */
async function isRun(folder: string): Promise<boolean> {
  return (await stat(path.join(folder, 'metrics.jsonl')).catch(() => undefined))?.isFile() ?? false;
}

/** By UTF-16 units, whatever the system's language. Some systems store "é" as one character, some as two. */
function compareNames(a: string, b: string): number {
  const [first, second] = [a.normalize('NFC'), b.normalize('NFC')];
  return first < second ? -1 : first > second ? 1 : a < b ? -1 : a > b ? 1 : 0;
}
