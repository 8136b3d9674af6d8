import { ensure } from '../core/errors.ts';

/** A matrix, [rows, columns]; null where there is no value because it is masked. */
export type HeatMapValues = readonly (readonly (number | null)[])[];

/** One of several heat maps with the same rows and columns, such as one attention head. */
export interface HeatMapPanel {
  readonly title: string;
  readonly values: HeatMapValues;
}

/** Either one matrix, or panels. */
export type HeatMapContent =
  | { readonly values: HeatMapValues; readonly panels?: undefined }
  | { readonly panels: readonly HeatMapPanel[]; readonly values?: undefined };

export interface Cell {
  readonly panel: number;
  readonly row: number;
  readonly column: number;
  readonly value: number;
}

export interface HeatData {
  readonly panels: readonly HeatMapPanel[];
  /** Cells with a finite value. */
  readonly cells: readonly Cell[];
  /** Cells of null. */
  readonly masked: readonly Cell[];
  /** Cells of NaN or an infinity. */
  readonly notFinite: readonly Cell[];
}

/** More could neither be told apart nor opened quickly. */
const MAX_CELLS = 10_000;

/** @throws TsgptError if no value is finite, a matrix has not the shape [rows, columns], or there are too many cells */
export function cellsOf(title: string, content: HeatMapContent, rows: number, columns: number): HeatData {
  const panels = content.panels ?? [{ title: '', values: content.values }];
  const named = (panel: HeatMapPanel) => panel.title || title;
  ensure(
    panels.length > 0 && rows > 0 && columns > 0,
    `The heat map "${title}" is empty; give it a panel, a row and a column.`,
  );
  ensure(
    panels.length * rows * columns <= MAX_CELLS,
    `The heat map "${title}" would have more than ${MAX_CELLS} cells; draw a part of it.`,
  );
  for (const panel of panels) {
    ensure(
      panel.values.length === rows,
      `The heat map "${named(panel)}" has ${panel.values.length} rows of values but ${rows} row labels; give one label for each row.`,
    );
    panel.values.forEach((row, i) => {
      ensure(
        row.length === columns,
        `Row ${i} of the heat map "${named(panel)}" has ${row.length} values but there are ${columns} column labels; give one value for each column.`,
      );
    });
  }
  const [cells, masked, notFinite]: [Cell[], Cell[], Cell[]] = [[], [], []];
  for (const [p, { values }] of panels.entries()) {
    for (const [row, rowValues] of values.entries()) {
      for (const [column, value] of rowValues.entries()) {
        const kind = value === null ? masked : Number.isFinite(value) ? cells : notFinite;
        kind.push({ panel: p, row, column, value: value ?? Number.NaN });
      }
    }
  }
  ensure(cells.length > 0, `There is nothing to draw in the heat map "${title}": none of its values is finite.`);
  return { panels, cells, masked, notFinite };
}
