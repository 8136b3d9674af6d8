import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesIn, pathFrom } from '../../lessons/kit/hash-files.ts';
import { codeBlock, sourceLink } from './directives.ts';
import { frontMatter } from './front-matter.ts';

/** The folders whose files can be quoted and are part of the book. */
const FOLDERS = ['src', 'lessons/kit', 'examples'];

/** The book's source files: their text by their path from the project's root, in the order of their list. */
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
 * A page for every source file, and one that lists them: what quotations and the API reference link to. The site's search leaves them
 * out, and they are not part of the way through the book.
 */
export function sourcePages(sources: ReadonlyMap<string, string>): Map<string, string> {
  const pages = new Map<string, string>([['source/index.md', listOf([...sources.keys()])]]);
  for (const [file, code] of sources) {
    const header = frontMatter({
      title: file,
      search: false,
      aside: false,
      prev: false,
      next: false,
      pageClass: 'source',
    });
    const page = `${header}\n# ${file}\n\n${codeBlock(code.trimEnd(), 'ts:line-numbers anchors')}\n`;
    pages.set(`${sourceLink(file).slice(1)}.md`, page);
  }
  return pages;
}

function listOf(files: readonly string[]): string {
  const folders = [...new Set(files.map((file) => dirname(file)))];
  const parts = folders.map((folder) => {
    const links = files
      .filter((file) => dirname(file) === folder)
      .map((file) => `- [${file.slice(folder.length + 1)}](${sourceLink(file)})`);
    return `## ${folder}\n\n${links.join('\n')}\n`;
  });
  const header = frontMatter({
    title: 'Source code',
    search: false,
    prev: false,
    next: false,
    pageClass: 'source-list',
  });
  return `${header}\n# Source code\n\n${parts.join('\n')}`;
}
