import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';

/** One import or re-export, of values or types, in a file below `src/`. */
export interface Import {
  readonly file: string;
  readonly specifier: string;
}

/** All files below `src/`. */
export const sources: readonly string[] = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'));

/** What they import. */
export const imports: readonly Import[] = sources.flatMap((file) => {
  const text = readFileSync(join('src', file), 'utf8');
  const found = text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g);
  return Array.from(found, ([, specifier]) => ({ file, specifier: specifier! }));
});

/** Where a relative import leads, as a path below `src/`. */
export const targetOf = ({ file, specifier }: Import): string => join(dirname(file), specifier);
