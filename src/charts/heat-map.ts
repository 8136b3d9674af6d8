import { ensure } from '../errors.ts';

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

export type HeatMap = HeatMapContent & {
  /** Heading, and the image's name for a screen reader. */
  readonly title: string;
  /** Label of every row, the top one first: in attention the token that looks. */
  readonly rows: readonly string[];
  /** Label of every column, the left one first: in attention the token looked at. */
  readonly columns: readonly string[];
  /** What the rows are: "looking token". */
  readonly rowLabel?: string;
  /** What the columns are: "token looked at". */
  readonly columnLabel?: string;
  /** What the colour measures: "attention weight". */
  readonly valueLabel: string;
  /** The magnitude that gets the full colour; larger ones get it too. Default: the largest in the data. */
  readonly limit?: number;
  /** Whether labels are texts of tokens: then white space is made visible and the font is monospaced. Default false. */
  readonly tokens?: boolean;
  /** Writes the value in each cell. Default: if the cells are large enough for it. */
  readonly cellValues?: boolean;
  /** What the reader is to notice, in a sentence: it opens the description for those who cannot see the chart. */
  readonly description?: string;
};

/**
 * A matrix as coloured cells with a legend, as a standalone SVG: attention weights, for example. 0 has the colour of the
 * paper, negative values a second colour, masked cells are hatched.
 *
 * @throws TsgptError if there is no finite value or a matrix has not the shape [rows, columns]
 */
export function heatMapSvg(chart: HeatMap): string {
  ensure(false, `${chart.title}: not drawn yet.`);
}
