import { readFileSync } from 'node:fs';

const isCode = (line: string) => !/^\s*($|\/\/|\/?\*)/.test(line);

/** How many lines of code files of the project's source have together, without empty lines and comments. */
export function linesOfCode(files: readonly string[]): number {
  const lines = files.flatMap((file) => readFileSync(`src/${file}`, 'utf8').split('\n'));
  return lines.filter(isCode).length;
}
