import type { Spec } from 'vega';
import type { TopLevelSpec } from 'vega-lite';
import { ensure } from '../core/errors.ts';
import { ensureString } from '../core/kind.ts';
import { numberText, textWidth, wrapText } from './text.ts';
import { colour, FONT, FONT_SIZE, PADDING, svgFile, TITLE_SIZE, WIDTH } from './theme.ts';

/** A chart for Vega-Lite: the same view of the rows of each panel. */
export interface Drawing {
  /** The chart in sentences. */
  readonly words: readonly string[];
  /** How many values are missing or not finite. */
  readonly missing: number;
  readonly rows: readonly object[];
  /** How many panels are side by side. Defaults to 1. */
  readonly columns?: number;
  readonly xLabel: string;
  /** Height, encoding and layers of a view that is `width` pixels wide. */
  readonly view: (width: number) => object;
}

/** A standalone SVG, {@link WIDTH} pixels wide unless its content needs more. */
export async function draw(title: string, drawing: Drawing): Promise<string> {
  ensureString('chart', 'the title', title);
  ensureString('chart', 'the label of an axis', drawing.xLabel);
  ensure(title.trim(), 'a chart has no title; give it one, which is also its name for a screen reader');
  const { words, missing, rows, columns = 1, xLabel } = drawing;
  const remark = missing > 0 ? `values that are missing or not finite: ${missing}` : '';
  const render = await loadVega();
  const panels = distinct(rows as { panel?: string }[], 'panel');
  const subtitle = remark ? { subtitle: wrapText(remark, WIDTH - 2 * PADDING, FONT_SIZE) } : {};
  const header = { labels: panels.join('') !== '', titleOrient: 'bottom' };
  const common = {
    ...THEME,
    title: { text: wrapText(title, WIDTH - 2 * PADDING, TITLE_SIZE * 1.1), ...subtitle },
    data: { values: rows.map((row) => ({ panel: '', ...row })) },
    facet: { field: 'panel', sort: panels, title: wrapText(xLabel, WIDTH, FONT_SIZE), header },
    columns,
  };
  // How much of the width is left for the views is known when axes and gaps have been laid out.
  let [svg, size, width] = ['', [0, 0], WIDTH / columns];
  for (let pass = 0; pass < 3 && Math.abs(size[0]! - WIDTH) > columns; pass++) {
    if (pass > 0) width = Math.max(30, Math.floor(width - (size[0]! - WIDTH) / columns));
    svg = await render({ ...common, spec: { width, ...drawing.view(width) } });
    size = /^<svg[^>]* width="([\d.]+)" height="([\d.]+)"/.exec(svg)!.slice(1).map(Number);
  }
  // Vega gives its groups roles, but no names; the drawing as a whole is an image with a title and a description.
  const withoutRoles = svg.replace(/<[a-z][^>]*>/g, (tag) => tag.replace(/ (?:role|aria-[a-z]+)="[^"]*"/g, ''));
  const inside = withoutRoles.replace(/^<svg[^>]*>|<\/svg>$/g, '');
  return svgFile(title, [...words, remark], [Math.max(WIDTH, size[0]!), size[1]!], inside);
}

/** The texts of a field in the order of the rows. */
export function distinct<K extends string>(rows: readonly { readonly [key in K]?: string }[], field: K): string[] {
  return [...new Set(rows.map((row) => row[field] ?? ''))];
}

/** A layer of the rows for which an expression holds. */
export const layer = (filter: string, mark: object, encoding: object) => ({ transform: [{ filter }], mark, encoding });

/** Vega takes longer to load than everything else, so it is loaded for the first drawing. */
async function loadVega() {
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  // Not everywhere is a canvas to measure text with.
  type Item = { text?: string; fontSize?: number; limit?: number };
  const { textMetrics } = vega as unknown as { textMetrics: { width: (item: Item, line?: string) => number } };
  textMetrics.width = ({ text = '', fontSize = FONT_SIZE, limit }, line = text) =>
    Math.min(textWidth(String(line), fontSize), limit || Number.POSITIVE_INFINITY);
  vega.expressionFunction('numberText', numberText);
  const logger = vega.logger(vega.Error);
  // Vega takes the name of a method of objects, such as "toString", for that method; with an invisible character it is a text.
  const safe = (_: string, value: unknown) => (typeof value === 'string' && value in {} ? `${value}\u200b` : value);
  return (spec: object) => {
    const { spec: compiled } = compile(JSON.parse(JSON.stringify(spec), safe) as TopLevelSpec, { logger });
    return new vega.View(vega.parse(compiled as Spec), { renderer: 'none' }).toSVG();
  };
}

const [ink, soft] = [colour('ink'), colour('ink-soft')];
const heading = { fontSize: TITLE_SIZE, color: ink, subtitleFontSize: FONT_SIZE, subtitleColor: ink };
const labels = { labelFontSize: FONT_SIZE, labelColor: ink };
const titles = { titleFontSize: FONT_SIZE, titleColor: ink, titleFontWeight: 'normal', titlePadding: 12 };
const lines = { gridColor: colour('grid'), domainColor: soft, tickColor: soft };
const symbols = { symbolSize: 400, symbolStrokeWidth: 2.25 };

const THEME = {
  padding: PADDING,
  background: null,
  config: {
    aria: false,
    font: FONT,
    view: { stroke: null },
    title: { ...heading, anchor: 'start', offset: 16 },
    axis: { ...labels, ...titles, ...lines, labelPadding: 6, labelLimit: 240 },
    axisDiscrete: { grid: false, ticks: false, domain: false },
    legend: { ...labels, ...titles, ...symbols, orient: 'top', labelLimit: 400, titlePadding: 6 },
    header: { ...labels, ...titles, labelFontWeight: 'bold' },
    text: { fontSize: FONT_SIZE, color: ink },
  },
};
