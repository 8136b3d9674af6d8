import { parseHTML } from 'linkedom';
import { SEMIBOLD, textWidth, wrapText } from './text.ts';
import { FONT_SIZE, LINE_HEIGHT, PADDING, SANS, STYLE, TITLE_SIZE, WIDTH } from './theme.ts';

/** What is used of the DOM, which linkedom provides. */
export interface SvgDocument {
  createElementNS(namespace: string, tag: string): SvgElement;
}
export interface SvgElement {
  readonly ownerDocument: SvgDocument;
  readonly outerHTML: string;
  readonly textContent: string;
  append(...children: (SvgElement | string)[]): void;
  prepend(...children: (SvgElement | string)[]): void;
  remove(): void;
  setAttribute(name: string, value: string): void;
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): Iterable<SvgElement>;
}

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
const TITLE_LINE_HEIGHT = LINE_HEIGHT + 2;

/** A document to create elements in. */
export function newDocument(): SvgDocument {
  return parseHTML('<html></html>').document;
}

/** What stands between the title and the content. */
export interface HeaderOptions {
  readonly legend?: readonly LegendEntry[];
  /** A sentence on what is not drawn. */
  readonly remark?: string;
  /** The label of a vertical axis: it is easier to read lying, above its axis. */
  readonly above?: string;
  readonly width?: number;
}

/** Title, legend, remark and axis label, each in as many lines as they need. */
export function layOutHeader(title: string, options: HeaderOptions = {}): Header {
  const { legend = [], remark = '', above = '', width = WIDTH } = options;
  const available = width - 2 * PADDING;
  const titleLines = wrapText(title, available, { ...SEMIBOLD, size: TITLE_SIZE });
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
      const transform = `translate(${PADDING + x},${legendTop + (row + 0.5) * LINE_HEIGHT})`;
      const entry = element(svg, 'g', { class: 'chart-legend', transform });
      const label = element(svg, 'text', { x: width + 8, dy: '0.35em', 'text-anchor': 'start' }, name);
      entry.append(...sign(svg), label);
      svg.append(entry);
    });
    texts.forEach((text, i) => {
      line(text, textTop + (i + 0.85) * LINE_HEIGHT);
    });
  };
  return { title, height: textTop + texts.length * LINE_HEIGHT + 18, draw };
}

/** The row of each entry of a legend, and how far from the left it begins. */
function placeEntries(legend: readonly LegendEntry[], available: number): { x: number; row: number }[] {
  let [x, row] = [0, 0];
  return legend.map(({ name, width = SIGN_WIDTH }) => {
    const total = width + 8 + textWidth(name);
    if (x > 0 && x + total > available) [x, row] = [0, row + 1];
    const place = { x, row };
    x += total + 20;
    return place;
  });
}

/** An empty drawing, with the attributes that Plot gives its own. */
export function newSvg(width: number, height: number): SvgElement {
  const svg = newDocument().createElementNS('http://www.w3.org/2000/svg', 'svg');
  const attributes = {
    class: 'chart',
    fill: 'currentColor',
    'font-size': FONT_SIZE,
    'text-anchor': 'middle',
    width,
    height,
  };
  for (const [name, value] of Object.entries({ ...attributes, viewBox: `0 0 ${width} ${height}` })) {
    svg.setAttribute(name, String(value));
  }
  return svg;
}

/**
 * Completes a drawing: title, description, style, background and header.
 *
 * @param sentences the chart in words; each becomes a sentence of the description
 * @returns a standalone SVG file
 */
export function finish(svg: SvgElement, header: Header, sentences: readonly string[]): string {
  for (const style of [...svg.querySelectorAll('style')]) style.remove(); // Plot's own
  const description = sentences.filter(Boolean).map((sentence) => sentence.replace(/[.]?$/, '.'));
  svg.prepend(
    element(svg, 'title', {}, header.title),
    element(svg, 'desc', {}, description.join(' ')),
    element(svg, 'style', {}, STYLE),
    element(svg, 'rect', { class: 'chart-paper', width: '100%', height: '100%' }),
  );
  header.draw(svg);
  svg.setAttribute('role', 'img');
  svg.setAttribute('font-family', SANS);
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return `${withOwnIds(withoutForbidden(svg.outerHTML))}\n`;
}

/** An element of the same document as `svg`. */
export function element(
  { ownerDocument }: { ownerDocument: SvgDocument },
  tag: string,
  attributes: Record<string, string | number>,
  text = '',
): SvgElement {
  const made = ownerDocument.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (text) made.append(text);
  return made;
}

/** XML may not contain control characters, halves of surrogate pairs and U+FFFE and U+FFFF, not even escaped. */
function withoutForbidden(xml: string): string {
  return xml.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
}

/** Plot numbers its clip paths from 1 in every process; the hash of the chart (FNV-1a) tells those of two charts in one page apart. */
function withOwnIds(xml: string): string {
  const numbers = new Map<string, number>();
  const renumbered = xml.replace(/plot-clip-\d+/g, (id) => {
    if (!numbers.has(id)) numbers.set(id, numbers.size);
    return `plot-clip-${numbers.get(id)}`;
  });
  if (numbers.size === 0) return xml;
  let hash = 0x811c9dc5;
  for (let i = 0; i < renumbered.length; i++) hash = Math.imul(hash ^ renumbered.charCodeAt(i), 0x01000193);
  return renumbered.replaceAll('plot-clip-', `chart-clip-${(hash >>> 0).toString(16)}-`);
}
