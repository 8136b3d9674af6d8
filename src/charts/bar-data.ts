import { ensure } from '../core/errors.ts';
import { SERIES_COLOURS } from './theme.ts';

/** The bars at one place of the category axis: one for each series. */
export interface BarGroup {
  readonly label: string;
  /** One value for each series; null (or NaN) for one that is missing. */
  readonly values: readonly (number | null)[];
}

/** One of several charts with the same axes. */
export interface BarPanel {
  readonly title: string;
  readonly groups: readonly BarGroup[];
}

/** Either the groups of one chart, or panels which each have groups of the same labels. */
export type BarContent =
  | { readonly groups: readonly BarGroup[]; readonly panels?: undefined }
  | { readonly panels: readonly BarPanel[]; readonly groups?: undefined };

/** One bar, or the place of a missing one. */
export interface Bar {
  readonly panel: number;
  readonly group: number;
  readonly series: number;
  /** NaN if it is missing. */
  readonly value: number;
}

export interface BarData {
  readonly panels: readonly BarPanel[];
  readonly labels: readonly string[];
  readonly series: readonly string[];
  readonly bars: readonly Bar[];
  /** The values that are there. */
  readonly values: readonly number[];
}

/**
 * Checks the content of a bar chart and lists its bars.
 *
 * @throws TsgptError if there is no finite value, groups differ in their number of values, or panels in their labels
 */
export function barsOf(title: string, content: BarContent, names: readonly string[] | undefined): BarData {
  const panels = content.panels ?? [{ title: '', groups: content.groups }];
  const labels = panels[0]?.groups.map(({ label }) => label) ?? [];
  ensure(labels.length > 0, `The chart "${title}" has no bars; give it at least one group.`);
  for (const panel of panels) {
    ensure(
      panel.groups.length === labels.length && panel.groups.every(({ label }, i) => label === labels[i]),
      `The panels "${panels[0]!.title}" and "${panel.title}" have different labels; panels share one axis, so give them the same labels in the same order.`,
    );
  }
  const groups = panels.flatMap((panel) => panel.groups);
  const count = names?.length ?? groups[0]!.values.length;
  ensure(
    names || count === 1,
    `The groups of the chart "${title}" have ${count} values each; name them in \`series\`, or the bars cannot be told apart.`,
  );
  ensure(
    count >= 1 && count <= SERIES_COLOURS,
    `The chart "${title}" has ${count} series; there must be 1 to ${SERIES_COLOURS} to be told apart.`,
  );
  for (const { label, values } of groups) {
    ensure(
      values.length === count,
      `The group "${label}" has ${values.length} values; there must be ${count}, one for each series.`,
    );
  }
  const bars = panels.flatMap((panel, p) =>
    panel.groups.flatMap(({ values }, group) =>
      values.map(
        (value, series): Bar => ({ panel: p, group, series, value: Number.isFinite(value) ? value! : Number.NaN }),
      ),
    ),
  );
  const values = bars.map(({ value }) => value).filter(Number.isFinite);
  ensure(values.length > 0, `There is nothing to draw in the chart "${title}": none of its values is finite.`);
  return { panels, labels, series: names ?? [''], bars, values };
}
