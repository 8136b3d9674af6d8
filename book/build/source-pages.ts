import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesIn, pathFrom } from '../../lessons/kit/hash-files.ts';
import { codeBlock, sourceLink } from './directives.ts';
import { frontMatter } from './front-matter.ts';

/** The folders whose files can be quoted. */
const FOLDERS = ['src', 'lessons/kit', 'examples'];

/** The source files that can be quoted: their text by their path from the project's root. */
export function readSources(root: string): Map<string, string> {
  const paths = FOLDERS.flatMap((folder) =>
    filesIn(join(root, folder))
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
      .map((path) => pathFrom(root, path))
      .sort((a, b) => dirname(a).localeCompare(dirname(b)) || a.localeCompare(b)),
  );
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

/**
 * A page for every source file that the book quotes, and one that lists them: what quotations and the API reference link to. The
 * site's search leaves them out, and they are not part of the way through the book.
 *
 * @param quotedIn links to the pages that quote a file, in Markdown, by its path
 */
export function sourcePages(
  sources: ReadonlyMap<string, string>,
  quotedIn: ReadonlyMap<string, readonly string[]>,
): Map<string, string> {
  const header = (title: string) =>
    frontMatter({ title, search: false, aside: false, prev: false, next: false, pageClass: 'source' });
  const pages = new Map<string, string>();
  const list: string[] = [];
  for (const [file, code] of sources) {
    const places = quotedIn.get(file);
    if (!places) continue;
    const where = `Quoted in ${places.join(', ')}.`;
    list.push(`- [\`${file}\`](${sourceLink(file)})\\\n  ${where}`);
    pages.set(
      `${sourceLink(file).slice(1)}.md`,
      `${header(file)}\n# ${file}\n\n${where}\n\n${codeBlock(code.trimEnd(), 'ts:line-numbers anchors')}\n`,
    );
  }
  const intro = 'The files that the lessons quote, whole.';
  pages.set('source/index.md', `${header('Source code')}\n# Source code\n\n${intro}\n\n${list.join('\n')}\n`);
  return pages;
}
