import { numberChannel, seriesChannel } from '../../src/charts/axis.ts';
import { distinct, draw, layer } from '../../src/charts/draw.ts';
import { numberText, textWidth, wrapText } from '../../src/charts/text.ts';
import { FONT_SIZE, SERIES, WIDTH } from '../../src/charts/theme.ts';
import { ensure } from '../../src/core/errors.ts';

export interface Bar {
  readonly label: string;
  /** Null or NaN if it is missing. */
  readonly value: number | null;
  /** Which of the bars at the same label it is. */
  readonly series?: string;
  /** Title of the panel it is in; panels have the same axes. */
  readonly panel?: string;
}

export interface BarChart {
  /** Heading, and the image's name for a screen reader. */
  readonly title: string;
  /** In the order in which labels, series and panels are drawn. */
  readonly bars: readonly Bar[];
  /** What the lengths of the bars measure, and the unit: "probability (%)". */
  readonly valueLabel: string;
  /** `log` for positive values over several powers of ten, from the one below the smallest value. Defaults to `linear`. */
  readonly scale?: 'linear' | 'log';
  /** What the labels are: "layer". Left out where they say it. */
  readonly category?: string;
  /** Bars lie below one another, with their values at the ends, instead of standing side by side. Defaults to false. */
  readonly horizontal?: boolean;
  /** How a value is written. Defaults to three significant digits. */
  readonly format?: (value: number) => string;
}

/**
 * Bars, one or several for each label, as a standalone SVG: mean gradients of the layers, probabilities of the next token.
 *
 * @throws TsgptError if no value is finite or the axis cannot show a value
 */
export async function barChartSvg(chart: BarChart): Promise<string> {
  const {
    bars,
    valueLabel,
    scale = 'linear',
    category = '',
    horizontal = false,
    format = (number: number) => numberText(number, 3),
  } = chart;
  const [labels, series, panels] = [distinct(bars, 'label'), distinct(bars, 'series'), distinct(bars, 'panel')];
  const values = bars.flatMap((bar) => (Number.isFinite(bar.value) ? bar.value! : []));
  ensure(values.length > 0, `there is nothing to draw in the chart "${chart.title}": none of its values is finite`);
  const isLog = scale === 'log';
  ensure(
    !isLog || Math.min(...values) > 0,
    `the log axis "${valueLabel}" can show no value of 0 or less; use a linear one`,
  );
  const base = isLog ? 10 ** Math.floor(Math.log10(Math.min(...values) / 1.5)) : 0;
  const top = 10 ** Math.ceil(Math.log10(Math.max(...values)));
  const powers = {
    scale: { type: 'log', domain: [base, top] },
    axis: { labelExpr: 'numberText(datum.value)', tickCount: Math.log10(top / base) },
  };
  const rows = bars.map((bar) => {
    const shown = Number.isFinite(bar.value) ? { end: bar.value, text: format(bar.value!) } : { end: base, text: '–' };
    return { series: '', panel: '', ...bar, ...shown };
  });
  const height = horizontal ? labels.length * (series.length * 24 + 10) : panels.length > 1 ? 150 : 250;
  const [along, across] = horizontal ? ['x', 'y'] : ['y', 'x'];
  const symbol = series.length > 1 ? 'square' : undefined;
  const encoding = {
    [`${along}2`]: { datum: base },
    fill: seriesChannel(series, SERIES, symbol),
    opacity: seriesChannel(series, [1, 0.15], symbol), // full and pale bars can be told apart without colour
  };
  // Pale bars can hardly be seen on the paper; their outlines can.
  const outlines = layer(
    'true',
    { type: 'bar', fill: null, strokeWidth: 1.5 },
    {
      [`${along}2`]: { datum: base },
      stroke: seriesChannel(series, SERIES),
    },
  );
  const side = (below: string, above: string) => ({ expr: `datum.end < ${base} ? ${below} : ${above}` });
  const text = { type: 'text', align: side("'right'", "'left'"), dx: side('-6', '6') };
  const columns = horizontal ? Math.min(3, panels.length) : 1;
  const view = (width: number) => {
    const fits = horizontal || labels.every((label) => textWidth(label, FONT_SIZE) < width / labels.length);
    const measure = {
      ...numberChannel('end', valueLabel, [...values, base], horizontal ? WIDTH / columns : height),
      ...(isLog ? powers : {}),
    };
    const title = horizontal ? wrapText(category, height, FONT_SIZE) : null;
    return {
      height,
      encoding: {
        [along!]: { ...measure, ...(horizontal ? { title: null } : {}) },
        [across!]: { field: 'label', sort: null, title, axis: { labelAngle: fits ? 0 : -45 } },
        [`${across}Offset`]: { field: 'series', sort: null },
      },
      layer: [
        layer('true', { type: 'bar' }, encoding),
        ...(symbol ? [outlines] : []),
        layer(`${horizontal}`, text, { text: { field: 'text' } }),
      ],
    };
  };
  const words = panels.flatMap((panel) =>
    series.map((name) => {
      const own = rows.filter((row) => row.panel === panel && row.series === name);
      return [panel, name, own.map(({ label, text }) => `${label} ${text}`).join(', ')].filter(Boolean).join(': ');
    }),
  );
  return draw(chart.title, {
    words: [`Bar chart of ${valueLabel}${category && ` for each ${category}`}`, ...words],
    missing: bars.length - values.length,
    rows,
    columns,
    xLabel: horizontal ? valueLabel : category,
    view,
  });
}
