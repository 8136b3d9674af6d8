import { ensure } from '../core/errors.ts';
import { element, type SvgElement } from './frame.ts';
import { balancedLines, SEMIBOLD, shortened, textWidth, wrapText } from './text.ts';
import { LINE_HEIGHT, PADDING, TITLE_SIZE, WIDTH } from './theme.ts';

/** A sign and its meaning. The sign is drawn to the right of (0, 0). */
export interface LegendEntry {
  readonly name: string;
  /** Of the sign, in pixels. Default 22. */
  readonly width?: number;
  readonly sign: (svg: SvgElement) => SvgElement[];
}

/** The title and the legend of a chart, laid out before anything below them is drawn. */
export interface Header {
  readonly title: string;
  /** Where the content can begin. */
  readonly height: number;
  readonly draw: (svg: SvgElement) => void;
}

const SIGN_WIDTH = 22;
/** Between a sign and its name, and between two entries of the legend. */
const SIGN_GAP = 8;
const ENTRY_GAP = 20;
const TITLE_LINE_HEIGHT = LINE_HEIGHT + 2;

/** What stands between the title and the content. */
export interface HeaderOptions {
  readonly legend?: readonly LegendEntry[];
  /** A sentence on what is not drawn. */
  readonly remark?: string;
  /** The label of a vertical axis: it is easier to read lying, above its axis. */
  readonly above?: string;
  readonly width?: number;
}

/** Title, legend, remark and axis label, each in as many lines as they need; an error if the title is blank. */
export function layOutHeader(title: string, options: HeaderOptions = {}): Header {
  ensure(title.trim(), 'A chart has no title; give it one, which is also its name for a screen reader.');
  const { legend = [], remark = '', above = '', width = WIDTH } = options;
  const available = width - 2 * PADDING;
  const titleLines = balancedLines(title, available, { ...SEMIBOLD, size: TITLE_SIZE });
  const legendTop = PADDING + titleLines.length * TITLE_LINE_HEIGHT + 4;
  const places = placeEntries(legend, available);
  const textTop = legendTop + ((places.at(-1)?.row ?? -1) + 1) * LINE_HEIGHT;
  const texts = [wrapText(remark, available), wrapText(above, available)].flat();
  const draw = (svg: SvgElement) => {
    const line = (text: string, y: number, attributes = {}) =>
      svg.append(element(svg, 'text', { x: PADDING, y, 'text-anchor': 'start', ...attributes }, text));
    titleLines.forEach((text, i) => {
      line(text, PADDING + (i + 0.75) * TITLE_LINE_HEIGHT, { class: 'chart-title' });
    });
    legend.forEach(({ name, sign, width = SIGN_WIDTH }, i) => {
      const { x, row } = places[i]!;
      const text = shortened(name, available - width - SIGN_GAP);
      const transform = `translate(${PADDING + x},${legendTop + (row + 0.5) * LINE_HEIGHT})`;
      const entry = element(svg, 'g', { class: 'chart-legend', transform });
      const label = element(svg, 'text', { x: width + SIGN_GAP, dy: '0.35em', 'text-anchor': 'start' }, text);
      entry.append(...sign(svg), label);
      svg.append(entry);
    });
    texts.forEach((text, i) => {
      line(text, textTop + (i + 0.85) * LINE_HEIGHT);
    });
  };
  return { title, height: textTop + texts.length * LINE_HEIGHT + (texts.length > 0 ? 18 : 12), draw };
}

/** The row of each entry of a legend, and how far from the left it begins. */
function placeEntries(legend: readonly LegendEntry[], available: number): { x: number; row: number }[] {
  let [x, row] = [0, 0];
  return legend.map(({ name, width = SIGN_WIDTH }) => {
    const total = width + SIGN_GAP + textWidth(name);
    if (x > 0 && x + total > available) [x, row] = [0, row + 1];
    const place = { x, row };
    x += total + ENTRY_GAP;
    return place;
  });
}
