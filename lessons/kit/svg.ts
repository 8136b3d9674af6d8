import { textWidth, wrapText } from '../../src/charts/text.ts';
import { colour, escaped, FONT_SIZE, PADDING, svgFile, TITLE_SIZE } from '../../src/charts/theme.ts';

/** The distance from one line of text to the next, in pixels. */
export const LINE_HEIGHT = 24;

/** The approximate width of a text, in pixels. */
export const widthOf = (text: string) => textWidth(text, FONT_SIZE);

/** An element of a drawing. */
export function element(name: string, attributes: Record<string, string | number>, content = ''): string {
  const pairs = Object.entries(attributes).map(([key, value]) => {
    return ` ${key}="${typeof value === 'number' ? Number(value.toFixed(2)) : escaped(value)}"`;
  });
  return `<${name}${pairs.join('')}>${content}</${name}>`;
}

/** A text centred vertically at `y`, and horizontally at `x` unless `attributes` give another anchor. */
export function text(content: string, x: number, y: number, attributes: Record<string, string | number> = {}): string {
  const font = { 'text-anchor': 'middle', 'font-size': FONT_SIZE, fill: colour('ink') };
  return element('text', { x, y: y + 0.35 * FONT_SIZE, ...font, ...attributes }, escaped(content));
}

/** An SVG file with a title and, below it, a drawing of the given size. */
export function drawingSvg(
  title: string,
  sentences: readonly string[],
  [width, height]: readonly [number, number],
  drawing: string,
): string {
  const lines = wrapText(title, Math.max(width, 300), TITLE_SIZE * 1.1);
  const top = PADDING + lines.length * (LINE_HEIGHT + 2) + 12;
  const widest = Math.max(width, ...lines.map((line) => textWidth(line, TITLE_SIZE * 1.1)));
  const heading = lines.map((line, i) => {
    const font = { 'text-anchor': 'start', 'font-size': TITLE_SIZE, 'font-weight': 'bold' };
    return text(line, PADDING, PADDING + (i + 0.5) * (LINE_HEIGHT + 2), font);
  });
  const moved = element('g', { transform: `translate(${PADDING + (widest - width) / 2}, ${top})` }, drawing);
  const size = [Math.ceil(widest + 2 * PADDING), Math.ceil(top + height + PADDING)];
  return svgFile(title, sentences, size, [...heading, moved].join('\n'));
}
