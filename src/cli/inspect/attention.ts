import { heatMapSvg } from '../../charts/index.ts';
import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { type AttentionMap, visibleToken } from '../../inspect/index.ts';
import { type Column, matrixText, tableText } from '../table.ts';
import { columnsOf } from '../terminal.ts';
import { shown } from './tokens.ts';

/** A block and one of its heads; undefined means all. */
export interface Heads {
  block?: number;
  head?: number;
}

export function parseHeads(text: string | true): Heads {
  if (text === true) return {};
  const [, block, head] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  ensure(
    block !== undefined,
    `--attention must be a block, such as 0, or a head of it, such as 0.3, but is ${describeValue(text)}`,
  );
  return { block: Number(block), head: head === undefined ? undefined : Number(head) };
}

/** Some heads of a block, numbered as in the model. */
export interface SelectedHeads {
  name: string;
  heads: { head: number; weights: number[][] }[];
}

export function selectHeads(maps: readonly AttentionMap[], { block, head }: Heads): SelectedHeads[] {
  ensure(
    block === undefined || block < maps.length,
    `there is no block ${block}: the model has ${maps.length}, counted from 0`,
  );
  return (block === undefined ? maps : [maps[block]!]).map(({ name, heads }) => {
    ensure(
      head === undefined || head < heads.length,
      `there is no head ${head}: block ${block} has ${heads.length}, counted from 0`,
    );
    const numbered = heads.map((weights, i) => ({ head: i, weights }));
    return { name, heads: head === undefined ? numbered : [numbered[head]!] };
  });
}

/** For one head: the percentage with which each row's token attends to each column's. For several: what the last token attends to most. */
export function attentionTable(maps: readonly SelectedHeads[], tokens: readonly string[]): string {
  const quoted = tokens.map(shown);
  const percent = (weight: number) => `${Math.round(100 * weight)}%`;
  if (maps.length === 1 && maps[0]!.heads.length === 1) {
    const [{ name, heads }] = maps as [SelectedHeads];
    const rows = heads[0]!.weights.map((row, i) => [
      quoted[i]!,
      ...row.map((weight, j) => (j <= i ? percent(weight) : '')),
    ]);
    return matrixText([{ title: `${name}, head ${heads[0]!.head}` }, ...rightColumns(quoted)], rows, columnsOf());
  }
  const rows = maps.flatMap(({ name, heads }) =>
    heads.map(({ head, weights }) => {
      const row = weights.at(-1)!;
      const most = row.indexOf(Math.max(...row));
      return [name, `${head}`, `${quoted[most]} (token ${most})`, percent(row[most]!)];
    }),
  );
  return tableText(lookColumns, rows, columnsOf());
}

const lookColumns: readonly Column[] = [
  { title: 'attention of the last token' },
  { title: 'head' },
  { title: 'looks most at' },
  { title: 'share', align: 'right' },
];

export function attentionSvg([map]: readonly SelectedHeads[], tokens: readonly string[]): Promise<string> {
  const { name, heads } = map!;
  const labels = tokens.map((token) => printable(visibleToken(token)));
  const only = heads.length === 1 ? `, head ${heads[0]!.head}` : '';
  return heatMapSvg({
    title: `Attention of ${name}${only}`,
    rows: labels,
    columns: labels,
    rowLabel: 'token that looks',
    columnLabel: 'token looked at',
    valueLabel: 'weight',
    panels: heads.map(({ head, weights }) => ({
      title: only ? '' : `head ${head}`,
      values: weights.map((row, i) => row.map((weight, j) => (j <= i ? weight : null))),
    })),
  });
}

const rightColumns = (titles: readonly string[]) => titles.map((title): Column => ({ title, align: 'right' }));
