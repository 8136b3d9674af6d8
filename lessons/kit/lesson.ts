import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import Table from 'cli-table3';
import colors from 'picocolors';
import type { Tensor } from 'tsgpt';

/** Begins a section of the lesson. Its page refers to the section by this title. */
export function section(title: string): void {
  console.log(`\n${colors.bold(`## ${title}`)}`);
}

/** What {@link show} prints. */
export type Shown = Tensor | number | string | boolean | readonly (number | string)[] | Float32Array | Int32Array;

/**
 * Prints a value, with a label if there is one: `await show(x)`, `await show('mean', mean(x))`. A tensor of one number is printed like a
 * number, any other with its shape and type.
 */
export async function show(value: Shown): Promise<void>;
export async function show(label: string, value: Shown): Promise<void>;
export async function show(...args: [Shown] | [string, Shown]): Promise<void> {
  const text = await inWords(args[args.length - 1]!);
  if (args.length === 1) console.log(text);
  else console.log(`${args[0]}:${text.includes('\n') ? '\n' : ' '}${text}`);
}

async function inWords(value: Shown): Promise<string> {
  if (typeof value === 'object' && 'print' in value) {
    return value.shape.length === 0 && value.dtype !== 'bool' ? numberInWords(await value.item()) : value.print();
  }
  if (typeof value === 'number') return numberInWords(value);
  if (typeof value === 'object') return `[${Array.from<number | string>(value).map(elementInWords).join(', ')}]`;
  return String(value);
}

/** In a list, commas stand between the elements and not within them. */
const elementInWords = (value: number | string) =>
  typeof value === 'number' ? numberInWords(value).replaceAll(',', '') : JSON.stringify(value);

/** 163,009,536; 0.13243; 1.2e-7: whole numbers with commas, others with five significant digits. */
export function numberInWords(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString('en-US');
  return String(Number(value.toPrecision(5)));
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
