import { parseHTML } from 'linkedom';
import type { Header } from './header.ts';
import { FONT_SIZE, SANS, STYLE } from './theme.ts';

/** What is used of the DOM, which linkedom provides. */
export interface SvgDocument {
  createElementNS(namespace: string, tag: string): SvgElement;
}
export interface SvgElement {
  readonly ownerDocument: SvgDocument;
  readonly outerHTML: string;
  readonly textContent: string;
  readonly attributes: Iterable<{ name: string; value: string }>;
  append(...children: (SvgElement | string)[]): void;
  prepend(...children: (SvgElement | string)[]): void;
  remove(): void;
  setAttribute(name: string, value: string): void;
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): Iterable<SvgElement>;
}

/** A document to create elements in. */
export function newDocument(): SvgDocument {
  return parseHTML('<html></html>').document;
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
  roundLengths(svg);
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

const LENGTHS = /^([xyrd]|[xy][12]|c[xy]|r[xy]|dx|dy|width|height|transform)$/;

/** A hundredth of a pixel cannot be seen, and shorter numbers make a smaller file. */
function roundLengths(svg: SvgElement): void {
  for (const drawn of svg.querySelectorAll('*')) {
    for (const { name, value } of drawn.attributes) {
      if (!LENGTHS.test(name)) continue;
      drawn.setAttribute(
        name,
        value.replace(/-?\d*\.\d{3,}(e-?\d+)?/g, (number) => String(Number(Number(number).toFixed(2)))),
      );
    }
  }
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
