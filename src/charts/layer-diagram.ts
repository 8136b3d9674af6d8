import { ensure } from '../core/errors.ts';
import { element, finish, newSvg, type SvgElement } from './frame.ts';
import { layOutHeader } from './header.ts';
import { counted, numberText, shortened, textWidth } from './text.ts';
import { PADDING, WIDTH } from './theme.ts';

/** A vector between two operations: a bar as wide as it has numbers. */
export interface DiagramLayer {
  /** How many numbers; sets the width, to scale. */
  readonly size: number;
  /** What is written on the bar. Default: the size. */
  readonly label?: string;
  /** What the vector is: "input". */
  readonly name?: string;
}

export interface LayerDiagram {
  /** Heading, and the image's name for a screen reader. */
  readonly title: string;
  /** From the first, drawn at the top, to the last. */
  readonly layers: readonly DiagramLayer[];
  /** What leads from each layer to the next, one fewer than layers: `['linear', 'GELU', 'linear']`. */
  readonly operations: readonly string[];
  /** What the reader is to notice, in a sentence: it opens the description for those who cannot see the chart. */
  readonly description?: string;
}

const BAR_HEIGHT = 40;
const OPERATION_HEIGHT = 66;
/** A layer too small to be seen at its scale is still drawn. */
const MIN_WIDTH = 3;
const MIDDLE = WIDTH / 2;
const TEXT_GAP = 10;
/** Of the arrow beside an operation, with the space after it. */
const ARROW_WIDTH = 18;

/**
 * The sizes of a network's layers to scale, as a standalone SVG: the 768 → 3072 → 768 of a feed-forward network, for example.
 *
 * @throws TsgptError if there are no layers, a size is not positive, or the operations are not one fewer than the layers
 */
export function layerDiagramSvg({ title, layers, operations, description = '' }: LayerDiagram): string {
  ensure(layers.length > 0, `The diagram "${title}" has no layers; give it at least one.`);
  for (const { size, name = 'a layer' } of layers) {
    ensure(
      size > 0 && Number.isFinite(size),
      `The size of ${name} in the diagram "${title}" is ${size}; give a positive number.`,
    );
  }
  ensure(
    operations.length === layers.length - 1,
    `The diagram "${title}" has ${counted(operations.length, 'operation')} for ${counted(layers.length, 'layer')}; give one operation between each two layers.`,
  );
  const header = layOutHeader(title);
  const step = BAR_HEIGHT + OPERATION_HEIGHT;
  const svg = newSvg(WIDTH, header.height + layers.length * step - OPERATION_HEIGHT + PADDING);
  const largest = Math.max(...layers.map(({ size }) => size));
  const widths = layers.map(({ size }) => Math.max(MIN_WIDTH, (size / largest) * (WIDTH - 2 * PADDING)));
  const tops = layers.map((_, i) => header.height + i * step);
  operations.forEach((operation, i) => {
    drawOperation(svg, operation, tops[i]! + BAR_HEIGHT, [widths[i]!, widths[i + 1]!]);
  });
  layers.forEach((layer, i) => {
    drawLayer(svg, layer, tops[i]!, widths[i]!);
  });
  return finish(svg, header, [description, inWords(layers, operations)]);
}

/** The bar, with its text on it if that fits, or else where there is more room. */
function drawLayer(
  svg: SvgElement,
  { size, label = numberText(size), name }: DiagramLayer,
  top: number,
  width: number,
): void {
  const attributes = { x: MIDDLE - width / 2, y: top, width, height: BAR_HEIGHT, rx: Math.min(4, width / 2) };
  svg.append(element(svg, 'rect', { class: 'chart-series-1', ...attributes }));
  const y = top + BAR_HEIGHT / 2;
  const write = (text: string, x: number, options: Record<string, string>) =>
    svg.append(element(svg, 'text', { x, y, dy: '0.35em', ...options }, text));
  const right = MIDDLE + width / 2 + TEXT_GAP;
  const [roomOn, roomBeside] = [width - 2 * TEXT_GAP, WIDTH - PADDING - right];
  const writeOn = (text: string) => write(text, MIDDLE, { class: 'chart-paper' });
  const writeBeside = (text: string) => write(shortened(text, roomBeside), right, { 'text-anchor': 'start' });
  const whole = name ? `${name}: ${label}` : label;
  if (textWidth(whole) <= roomOn) writeOn(whole);
  else if (name && textWidth(label) <= roomOn && textWidth(name) <= roomBeside) {
    writeOn(label);
    writeBeside(name);
  } else if (roomOn > roomBeside) writeOn(shortened(whole, roomOn));
  else writeBeside(whole);
}

/** The area from one bar to the next and the operation on it, with an arrow down. */
function drawOperation(
  svg: SvgElement,
  operation: string,
  top: number,
  [above, below]: readonly [number, number],
): void {
  const bottom = top + OPERATION_HEIGHT;
  const d =
    `M${MIDDLE - above / 2},${top}H${MIDDLE + above / 2}` + `L${MIDDLE + below / 2},${bottom}H${MIDDLE - below / 2}Z`;
  // Arrow and text stand in the middle of the area, or right of one too narrow for them.
  const right = MIDDLE + Math.max(above, below) / 2 + TEXT_GAP;
  const [roomOn, roomBeside] = [(above + below) / 2 - ARROW_WIDTH, WIDTH - PADDING - right - ARROW_WIDTH];
  const isOn = textWidth(operation) <= roomOn || roomOn > roomBeside;
  const text = shortened(operation, isOn ? roomOn : roomBeside);
  const left = isOn ? MIDDLE - (textWidth(text) + ARROW_WIDTH) / 2 : right;
  const [x, y] = [left + 5, top + OPERATION_HEIGHT / 2];
  const arrow = `M${x},${y - 11}V${y + 10}M${x - 5},${y + 4}L${x},${y + 10}L${x + 5},${y + 4}`;
  svg.append(
    element(svg, 'path', { class: 'chart-series-1', d, 'fill-opacity': 0.18 }),
    element(svg, 'path', { d: arrow, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.5 }),
    element(svg, 'text', { x: left + ARROW_WIDTH, y, dy: '0.35em', 'text-anchor': 'start' }, text),
  );
}

/** "768 numbers (input), by linear to 3,072 numbers (hidden), by GELU to ...". */
function inWords(layers: readonly DiagramLayer[], operations: readonly string[]): string {
  const words = layers.map(({ size, name }) => counted(size, 'number') + (name ? ` (${name})` : ''));
  const steps = words.slice(1).map((layer, i) => `by ${operations[i]} to ${layer}`);
  return `Layers as bars of widths to scale: from ${[words[0], ...steps].join(', ')}`;
}
