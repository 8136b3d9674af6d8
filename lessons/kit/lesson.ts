import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import Table from 'cli-table3';
import colors from 'picocolors';

/** Begins a section of the lesson. Its page refers to the section by this title. */
export function section(title: string): void {
  console.log(`\n${colors.bold(`## ${title}`)}`);
}

/** Writes an SVG picture to `runs/lessons/` and prints its path. */
export function picture(name: string, svg: string): void {
  const lesson = basename(process.argv[1] ?? 'lesson', '.ts');
  const folder = join(process.env.TSGPT_LESSONS_OUT ?? join('runs', 'lessons'), lesson);
  const path = join(folder, `${name}.svg`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, svg);
  console.log(`picture: ${path}`);
}

/** Prints a text indented, in lines short enough for a phone. */
export function paragraph(text: string): void {
  const lines = text.replaceAll(/\s+/g, ' ').match(/\S.{0,41}(?=\s|$)|\S{42}/g) ?? [];
  for (const line of lines) console.log(`  ${line}`);
}

/** Prints rows of text and numbers in columns, numbers aligned to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const isNumber = (cell: string | number | undefined) => /^[+-]?[\d.,]+(e[+-]?\d+)?( MiB|%)?$/.test(String(cell));
  const colAligns = head.map((_, i) => (isNumber(rows[0]?.[i]) ? ('right' as const) : ('left' as const)));
  const printed = new Table({
    head: [...head],
    colAligns,
    chars: plain,
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    printed.push(row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell)));
  }
  console.log(printed.toString().replaceAll(/ +$/gm, ''));
}

/** No lines around or between the cells; two spaces between columns. */
const plain = {
  ...Object.fromEntries(
    ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) => [
      [side, ''],
      [`${side}-mid`, ''],
    ]),
  ),
  ...{
    'top-left': '',
    'top-right': '',
    'bottom-left': '',
    'bottom-right': '',
    'left-mid': '',
    'right-mid': '',
    'mid-mid': '',
  },
  middle: '',
};
