import { numberText } from '../../src/charts/text.ts';
import { colour, PADDING, WIDTH } from '../../src/charts/theme.ts';
import { ensure } from '../../src/core/errors.ts';
import { drawingSvg, element, text, widthOf } from './svg.ts';

/** A vector between two operations, drawn as a bar. */
export interface DiagramLayer {
  /** How many numbers the vector has, which sets the bar's width. */
  readonly size: number;
  /** What the vector is: "input". */
  readonly name?: string;
}

export interface LayerDiagram {
  /** Heading, and the image's name for a screen reader. */
  readonly title: string;
  /** From the first, drawn at the top, to the last. */
  readonly layers: readonly DiagramLayer[];
  /** The operation between each layer and the next, one fewer than layers: `['linear', 'GELU', 'linear']`. */
  readonly operations: readonly string[];
}

const [BAR_HEIGHT, OPERATION_HEIGHT, TEXT_GAP] = [40, 66, 10];
const AREA = WIDTH - 2 * PADDING;
/** The smallest width of a bar, so that it can be seen. */
const MIN_WIDTH = 3;

/**
 * Draws the sizes of a network's layers to scale as a standalone SVG, for example the 768 → 3072 → 768 of a feed-forward network.
 *
 * @throws TsgptError if there are no layers, if a size is not positive, or if there is not exactly one operation between each two layers
 */
export function layerDiagramSvg({ title, layers, operations }: LayerDiagram): string {
  ensure(layers.length > 0, `the diagram "${title}" has no layers; give it at least one`);
  for (const { size, name = 'a layer' } of layers) {
    const isRight = size > 0 && Number.isFinite(size);
    ensure(isRight, `the size of ${name} in the diagram "${title}" is ${size}; give a positive number`);
  }
  const counts = `${operations.length} operations for ${layers.length} layers`;
  ensure(
    operations.length === layers.length - 1,
    `the diagram "${title}" has ${counts}; give one operation between each two layers`,
  );
  const largest = Math.max(...layers.map(({ size }) => size));
  const widths = layers.map(({ size }) => Math.max(MIN_WIDTH, (size / largest) * AREA));
  const step = BAR_HEIGHT + OPERATION_HEIGHT;
  const drawing = [
    ...operations.map((operation, i) => drawOperation(operation, i * step + BAR_HEIGHT, widths[i]!, widths[i + 1]!)),
    ...layers.map((layer, i) => drawLayer(layer, i * step, widths[i]!)),
  ];
  return drawingSvg(
    title,
    [inWords(layers, operations)],
    [AREA, layers.length * step - OPERATION_HEIGHT],
    drawing.join('\n'),
  );
}

/** The bar with its text, on the bar if it fits and beside it otherwise. */
function drawLayer({ size, name }: DiagramLayer, y: number, width: number): string {
  const label = name ? `${name}: ${numberText(size)}` : numberText(size);
  const bar = {
    x: (AREA - width) / 2,
    y,
    width,
    height: BAR_HEIGHT,
    rx: Math.min(4, width / 2),
    fill: colour('series-1'),
  };
  return element('rect', bar) + textOn(label, y + BAR_HEIGHT / 2, width, 'paper');
}

/** The area between two bars, with a downward arrow and the operation. */
function drawOperation(operation: string, top: number, above: number, below: number): string {
  const [middle, bottom] = [AREA / 2, top + OPERATION_HEIGHT];
  const upper = `M${middle - above / 2},${top}H${middle + above / 2}`;
  const d = `${upper}L${middle + below / 2},${bottom}H${middle - below / 2}Z`;
  const area = element('path', { d, fill: colour('series-1'), 'fill-opacity': 0.18 });
  return area + textOn(`↓ ${operation}`, top + OPERATION_HEIGHT / 2, (above + below) / 2, 'ink');
}

/** A text in the middle of a shape, or to its right if the shape is too narrow. */
function textOn(content: string, y: number, width: number, inside: 'paper' | 'ink'): string {
  if (widthOf(content) + 2 * TEXT_GAP <= width) return text(content, AREA / 2, y, { fill: colour(inside) });
  return text(content, (AREA + width) / 2 + TEXT_GAP, y, { 'text-anchor': 'start' });
}

/** "768 numbers (input), by linear to 3,072 numbers (hidden), by GELU to ...". */
function inWords(layers: readonly DiagramLayer[], operations: readonly string[]): string {
  const words = layers.map(({ size, name }) => `${numberText(size)} numbers${name ? ` (${name})` : ''}`);
  const steps = words.slice(1).map((layer, i) => `by ${operations[i]} to ${layer}`);
  return `Layers as bars of widths to scale: from ${[words[0], ...steps].join(', ')}`;
}
