import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** The files in a folder and its subfolders, sorted; none if there is no such folder. */
export function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The path relative to `root`, with `/` as separator on every system. */
export function pathFrom(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}

/** A hash of the names and contents of files and whole folders. Files for which `counts` returns false are left out. */
export function hashFiles(
  root: string,
  paths: readonly string[],
  counts: (path: string) => boolean = () => true,
): string {
  const hash = createHash('sha256');
  for (const path of paths) {
    const full = join(root, path);
    const files = existsSync(full) && statSync(full).isFile() ? [full] : filesIn(full);
    for (const file of files) {
      const name = pathFrom(root, file);
      if (!counts(name)) continue;
      const content = readFileSync(file);
      hash.update(`${name}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest('hex');
}
