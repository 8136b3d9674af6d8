import * as Plot from '@observablehq/plot';
import { axisTitle } from './fit.ts';
import { shortened, textWidth } from './text.ts';
import { FONT_SIZE, LINE_HEIGHT, PADDING } from './theme.ts';

const TICK_GAP = 8;
const MAX_TURNED_WIDTH = 180;

/** A horizontal axis of labels. */
export interface CategoryAxis {
  readonly mark: Plot.Markish;
  /** Of everything below the axis, with the padding of the chart. */
  readonly height: number;
  /** How far the labels reach to the left of the axis. */
  readonly overhang: number;
}

/**
 * Labels at 0.5, 1.5, ... of the x axis: lying where they fit, else turned, and only every n-th where even that is too dense.
 *
 * @param slot pixels from one label to the next
 * @param title of the axis
 */
export function categoryAxis(
  labels: readonly string[],
  slot: number,
  title: string | undefined,
  font: { monospace: boolean },
): CategoryAxis {
  const lies = labels.every((label) => textWidth(label, font) <= slot * 0.95);
  const angle = lies ? 0 : slot >= LINE_HEIGHT ? 45 : 60;
  const [sin, cos] = [Math.sin((angle * Math.PI) / 180), Math.cos((angle * Math.PI) / 180)];
  const every = lies ? 1 : Math.ceil((FONT_SIZE * 0.95) / (slot * sin)); // turned lines must not touch
  const shown = lies ? labels : labels.map((label) => shortened(label, MAX_TURNED_WIDTH, font));
  const widths = shown.map((label) => textWidth(label, font));
  const labelHeight = lies ? LINE_HEIGHT : Math.max(...widths) * sin + FONT_SIZE;
  const height = TICK_GAP + labelHeight + (title ? LINE_HEIGHT : 0) + PADDING;
  const places = labels.map((_, i) => i + 0.5).filter((_, i) => i % every === 0);
  const mark = Plot.axisX(places, {
    ...tickOptions(shown, font.monospace),
    tickRotate: -angle,
    ...axisTitle(title, height - PADDING),
  });
  return { mark, height, overhang: lies ? 0 : Math.max(...widths.map((width, i) => width * cos - i * slot)) };
}

/** Labels at 0.5, 1.5, ... of the y axis; every n-th where they are too dense. */
export function labelsBeside(labels: readonly string[], monospace: boolean, slot = LINE_HEIGHT): Plot.Markish {
  const every = Math.ceil((FONT_SIZE * 1.1) / slot);
  const places = labels.map((_, i) => i + 0.5).filter((_, i) => i % every === 0);
  return Plot.axisY(places, { ...tickOptions(labels, monospace), label: null });
}

function tickOptions(labels: readonly string[], monospace: boolean) {
  return {
    tickFormat: (place: number) => labels[Math.floor(place)] ?? '',
    tickSize: 0,
    tickPadding: TICK_GAP,
    ...(monospace ? { className: 'chart-monospace' } : {}),
  };
}
