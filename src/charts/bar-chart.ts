import { axisScale, type NumberAxis } from './axis.ts';
import { type BarContent, type BarData, barsOf } from './bar-data.ts';
import { type BarPlan, barStyle } from './bar-plot.ts';
import { LYING_COLUMNS, lyingBars } from './bars-lying.ts';
import { standingBars } from './bars-standing.ts';
import { element, finish } from './frame.ts';
import { type LegendEntry, layOutHeader } from './header.ts';
import { counted, numberText, shortened, visibleToken } from './text.ts';

export type BarChart = BarContent & {
  /** Heading, and the image's name for a screen reader. */
  readonly title: string;
  /** The axis along which the bars have their lengths. A log axis starts at the power of ten below the smallest value. */
  readonly value: NumberAxis;
  /** What the groups are: "layer". Left out where the labels say it. */
  readonly category?: { readonly label: string };
  /** Names of the values in each group, at most four; may be left out if there is only one. */
  readonly series?: readonly string[];
  /**
   * `vertical` bars stand beside one another (panels: one below the other), `horizontal` ones lie below one another (panels:
   * side by side). Default `vertical`.
   */
  readonly orientation?: 'vertical' | 'horizontal';
  /** Whether labels are texts of tokens: then white space is made visible and the font is monospaced. Default false. */
  readonly tokens?: boolean;
  /** Writes the value at the end of each bar. Default: if there is room, which horizontal bars always have. */
  readonly valueLabels?: boolean;
  /** How a value is written at its bar. Default: three significant digits. */
  readonly format?: (value: number) => string;
  /** What the reader is to notice, in a sentence: it opens the description for those who cannot see the chart. */
  readonly description?: string;
};

/** A longer label of horizontal bars is cut. */
const MAX_LABEL_WIDTH = 200;
const MAX_LABEL_WIDTH_IN_PANELS = 130;
/** With more values the description gives only the smallest and the largest of each series. */
const MAX_VALUES_IN_WORDS = 40;

/**
 * Bars, one or several for each label, as a standalone SVG: mean gradients of the layers, probabilities of the next token.
 * Missing values are left out, and a remark says how many.
 *
 * @throws TsgptError if there is no finite value, groups differ in their number of values, panels in their labels, values are to
 *   be written where there is no room, or a log axis gets a value of 0 or less
 */
export function barChartSvg(chart: BarChart): string {
  const { title, value, category, tokens = false, description = '' } = chart;
  const { format = (number: number) => numberText(number, 3) } = chart;
  const data = barsOf(title, chart, chart.series);
  const lies = chart.orientation === 'horizontal';
  const missing = data.bars.length - data.values.length;
  const remark = missing > 0 ? `missing or not finite: ${counted(missing, 'value')}` : '';
  const header = layOutHeader(title, {
    legend: data.series.length > 1 ? data.series.map(legendEntry) : [],
    above: (lies ? category : value)?.label,
    remark,
  });
  const shown = data.labels.map((label) => (tokens ? visibleToken(label) : label));
  const labelWidth = data.panels.length > 1 ? MAX_LABEL_WIDTH_IN_PANELS : MAX_LABEL_WIDTH;
  const plan: BarPlan = {
    data,
    labels: lies ? shown.map((label) => shortened(label, labelWidth, { monospace: tokens })) : shown,
    monospace: tokens,
    scale: axisScale(value, [...data.values, nearestEnd(value, data.values)], {
      ticks: ticksFor(lies, data.panels.length),
      nice: value.scale === 'log' || !lies || chart.valueLabels === false, // room that values at the bars' ends need
    }),
    xLabel: (lies ? value : category)?.label,
    format,
    valueLabels: chart.valueLabels,
    top: header.height,
  };
  const svg = lies ? lyingBars(plan) : standingBars(plan);
  return finish(svg, header, [
    description,
    `Bar chart of ${value.label}${category ? ` for each ${category.label}` : ''}`,
    ...inWords(data, shown, format),
    remark,
  ]);
}

/** What the axis shows besides the values: 0, or on a log axis less than the smallest value, whose bar needs a length. */
function nearestEnd({ scale }: NumberAxis, values: readonly number[]): number {
  const smallest = Math.min(...values);
  return scale === 'log' && smallest > 0 ? smallest / 1.5 : Math.min(0, smallest);
}

function ticksFor(lies: boolean, panels: number): number {
  if (!lies) return panels > 1 ? 4 : 6;
  return Math.ceil(6 / Math.min(panels, LYING_COLUMNS));
}

function legendEntry(name: string, series: number): LegendEntry {
  const { fill, ...style } = barStyle(series);
  const attributes = {
    class: `chart-series-${series + 1}`,
    x: 3,
    y: -8,
    width: 16,
    height: 16,
    fill,
    ...('stroke' in style
      ? { 'fill-opacity': style.fillOpacity, stroke: style.stroke, 'stroke-width': style.strokeWidth }
      : {}),
  };
  return { name, sign: (svg) => [element(svg, 'rect', attributes)] };
}

/** A sentence for each series of each panel: "temperature 1: ␣the 0.31, ␣a 0.12". */
function inWords(
  { panels, series, bars, values }: BarData,
  labels: readonly string[],
  format: (value: number) => string,
) {
  return panels.flatMap((panel, p) =>
    series.map((name, s) => {
      const own = bars.filter((bar) => bar.panel === p && bar.series === s);
      const there = own.filter(({ value }) => !Number.isNaN(value)).sort((a, b) => a.value - b.value);
      const listed =
        values.length <= MAX_VALUES_IN_WORDS ? own : [there[0], there.at(-1)].filter((bar) => bar !== undefined);
      const words = listed.map(
        (bar) => `${labels[bar.group]} ${Number.isNaN(bar.value) ? 'missing' : format(bar.value)}`,
      );
      const heading = [panel.title, name].filter(Boolean).join(', ');
      const range = values.length <= MAX_VALUES_IN_WORDS ? '' : 'smallest and largest: ';
      return `${heading ? `${heading}: ` : ''}${range}${words.join(', ')}`;
    }),
  );
}
