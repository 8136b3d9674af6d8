import { ensure } from '../../src/core/errors.ts';

export interface Page {
  readonly title: string;
  /** What the page is about, in a line. */
  readonly description: string;
  /** The parts of the overview that it is about; none if it does not say. */
  readonly parts: readonly string[];
  /** The Markdown below the front matter. */
  readonly body: string;
}

/**
 * A page's front matter, of which three lines are known: `title: ...`, `description: ...` and, if it has a place in the overview, `part: ...`
 * with one part or several between commas, all as plain or quoted text.
 *
 * @throws TsgptError if the title or the description is missing
 */
export function readPage(path: string, text: string): Page {
  const [, front = '', body = text] = /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/.exec(text) ?? [];
  const lineOf = (key: string) => new RegExp(`^${key}:[ \\t]*(\\S.*?)[ \\t]*$`, 'm').exec(front)?.[1];
  const value = (key: string) => {
    const line = lineOf(key);
    ensure(line, `${path} has no ${key}: begin it with front matter, ---, title: ..., description: ..., ---.`);
    return /^(["']).*\1$/.test(line) ? line.slice(1, -1) : line;
  };
  const parts = lineOf('part') ? value('part').split(/\s*,\s*/) : [];
  return { title: value('title'), description: value('description'), parts, body };
}

/** Front matter with these values. */
export function frontMatter(values: Record<string, string | boolean>): string {
  const lines = Object.entries(values).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return `---\n${lines.join('\n')}\n---\n`;
}
