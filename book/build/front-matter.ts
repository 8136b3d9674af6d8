import { ensure } from '../../src/core/errors.ts';

export interface Page {
  readonly title: string;
  /** What the page is about, in a line. */
  readonly description: string;
  /** The Markdown below the front matter. */
  readonly body: string;
}

/**
 * A page's front matter, of which only two lines are known: `title: ...` and `description: ...`, as plain or quoted text.
 *
 * @throws TsgptError if one of them is missing
 */
export function readPage(path: string, text: string): Page {
  const [, front = '', body = text] = /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/.exec(text) ?? [];
  const value = (key: string) => {
    const line = new RegExp(`^${key}:[ \\t]*(\\S.*?)[ \\t]*$`, 'm').exec(front)?.[1];
    ensure(line, `${path} has no ${key}: begin it with front matter, ---, title: ..., description: ..., ---.`);
    return /^(["']).*\1$/.test(line) ? line.slice(1, -1) : line;
  };
  return { title: value('title'), description: value('description'), body };
}

/** Front matter with these values. */
export function frontMatter(values: Record<string, string | boolean>): string {
  const lines = Object.entries(values).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return `---\n${lines.join('\n')}\n---\n`;
}
