import stringWidth from 'string-width';
import { hanging } from './terminal.ts';

/** A column of a table. */
export interface Column {
  title: string;
  /** Numbers stand at the right, texts at the left, where they may be wrapped. Defaults to left. */
  align?: 'left' | 'right';
  /** Where the table is too wide, columns with a number are left out, the highest first. Defaults to none: the column always stays. */
  leaveOut?: number;
}

/** The cells of a row, or one text across all columns. */
export type TableRow = readonly string[] | string;

/**
 * A table of at most `width` columns of a terminal. Where it would be wider, texts are wrapped; then columns are left out, and a line below says
 * which; then every row becomes a list. Defaults to any width.
 */
export function tableText(
  columns: readonly Column[],
  rows: readonly TableRow[],
  width = Number.POSITIVE_INFINITY,
): string {
  let kept = columns.map((_, i) => i);
  for (;;) {
    const shown = kept.map((i) => columns[i]!);
    const cells = rows.map((row) => (typeof row === 'string' ? row : kept.map((i) => row[i]!)));
    const widths = widthsFor(shown, cells, width);
    if (widths) {
      const left = columns.filter((_, i) => !kept.includes(i)).map(({ title }) => title);
      return [drawTable(shown, cells, widths), ...remarkOn(left, width)].join('\n');
    }
    const [next] = kept
      .filter((i) => columns[i]!.leaveOut)
      .sort((a, b) => columns[b]!.leaveOut! - columns[a]!.leaveOut!);
    if (next === undefined) return listText(columns, rows, width);
    kept = kept.filter((i) => i !== next);
  }
}

/** Like {@link tableText} for a table with columns of one kind, such as a matrix: those that do not fit go to further tables below. */
export function matrixText(columns: readonly Column[], rows: readonly (readonly string[])[], width?: number): string {
  const parts: string[] = [];
  for (let from = 1; from < columns.length; ) {
    const pick = <T>(all: readonly T[], to: number) => [all[0]!, ...all.slice(from, to)];
    const fits = (to: number) =>
      widthsFor(
        pick(columns, to),
        rows.map((row) => pick(row, to)),
        width ?? Number.POSITIVE_INFINITY,
      ) !== undefined;
    let to = columns.length;
    while (to > from + 1 && !fits(to)) to--;
    parts.push(
      tableText(
        pick(columns, to),
        rows.map((row) => pick(row, to)),
        width,
      ),
    );
    from = to;
  }
  return parts.join('\n');
}

const lines = (text: string) => text.split('\n');
const widest = (text: string) => Math.max(...lines(text).map((line) => stringWidth(line)));

/** The width of every column, or undefined if they do not fit. */
function widthsFor(columns: readonly Column[], rows: readonly TableRow[], width: number): number[] | undefined {
  const textsOf = (column: number) => [
    columns[column]!.title,
    ...rows.flatMap((row) => (typeof row === 'string' ? [] : row[column]!)),
  ];
  const widths = columns.map((_, column) => Math.max(...textsOf(column).map(widest)));
  const least = columns.map(({ align, title }, column) =>
    align === 'right'
      ? Math.max(longestWord(title), ...textsOf(column).slice(1).map(widest))
      : Math.max(...textsOf(column).map(longestWord)),
  );
  const sum = (all: readonly number[]) => all.reduce((total, one) => total + one + 3, 1); // with borders
  if (sum(least) > width) return undefined;
  while (sum(widths) > width) {
    const spare = widths.map((of, column) => (of > least[column]! ? of : 0));
    widths[spare.indexOf(Math.max(...spare))]!--;
  }
  return widths;
}

/** The width of the longest word, after the margin that all lines of the text begin with. */
function longestWord(text: string): number {
  const [margin] = /^ */.exec(text)!;
  return (
    margin.length +
    Math.max(
      ...text
        .slice(margin.length)
        .split(/[ \n]/)
        .map((word) => stringWidth(word)),
    )
  );
}

function drawTable(columns: readonly Column[], rows: readonly TableRow[], widths: readonly number[]): string {
  const border = (left: string, middle: string, right: string) =>
    left + widths.map((width) => '─'.repeat(width + 2)).join(middle) + right;
  const inside = widths.reduce((sum, width) => sum + width + 3, -3);
  const rowLines = (cells: readonly string[]) => {
    const cut = cells.map((cell, i) => lines(wrapCell(cell, widths[i]!)));
    return Array.from({ length: Math.max(...cut.map(({ length }) => length)) }, (_, line) => {
      const texts = cut.map((cell, i) => aligned(cell[line] ?? '', widths[i]!, columns[i]!.align));
      return `│ ${texts.join(' │ ')} │`;
    });
  };
  const across = (text: string) => lines(wrapCell(text, inside)).map((line) => `│ ${aligned(line, inside, 'left')} │`);
  return [
    border('┌', '┬', '┐'),
    ...rowLines(columns.map(({ title }) => title)),
    border('├', '┼', '┤'),
    ...rows.flatMap((row) => (typeof row === 'string' ? across(row) : rowLines(row))),
    border('└', '┴', '┘'),
  ].join('\n');
}

/** A cell in lines. A no-break space in it is no place to cut, and is written as a space. */
function wrapCell(cell: string, width: number): string {
  return hanging(cell, width).replaceAll('\u00a0', ' ');
}

function aligned(text: string, width: number, align: Column['align']): string {
  const space = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return align === 'right' ? space + text : text + space;
}

/** The rows as lists, for a terminal that is too narrow for a table. */
function listText(columns: readonly Column[], rows: readonly TableRow[], width: number): string {
  const texts = rows.flatMap((row) => {
    if (typeof row === 'string') return [row];
    const [first, ...others] = row;
    const named = others.map((cell, i) => (cell === '' ? '' : `    ${columns[i + 1]!.title}: ${cell}`));
    return [first!, ...named.filter(Boolean)];
  });
  return texts.map((text) => wrapCell(text, width)).join('\n');
}

/**
 * Names with their descriptions beside them, or, where a terminal leaves too little room for that, below them.
 *
 * @param margin the spaces before each name; defaults to none
 */
export function itemsText(
  items: readonly (readonly [name: string, description: string])[],
  width = Number.POSITIVE_INFINITY,
  margin = '',
): string {
  const nameWidth = Math.max(...items.map(([name]) => stringWidth(name))) + 2;
  const room = width - margin.length - nameWidth;
  const isBeside = items.every(([, description]) => room >= Math.min(24, stringWidth(description)));
  return items
    .flatMap(([name, description]) => {
      if (!isBeside) return [hanging(margin + name, width), hanging(`${margin}    ${description}`, width)];
      const [first, ...others] = lines(hanging(description, room));
      const below = others.map((line) => margin + ' '.repeat(nameWidth) + line);
      return [margin + aligned(name, nameWidth, 'left') + first, ...below];
    })
    .join('\n');
}

function remarkOn(left: readonly string[], width: number): string[] {
  if (left.length === 0) return [];
  return [hanging(`Not shown in ${width} columns: ${left.join(', ')}.`, width)];
}
