import { colour, PADDING, svgFile } from '../../src/charts/theme.ts';
import { ensure } from '../../src/core/errors.ts';
import { element, text } from './svg.ts';

/**
 * The one picture of the whole way from text to text, which every page shows with its own part in colour. Drawn at the width of a phone, so
 * that its letters keep their size there.
 */

/** A box: its name, its left edge and its width. */
type Box = readonly [name: string, left: number, width: number];

/** The rows of boxes, each read from left to right. `+` is where a shortcut joins. */
const ROWS: readonly { readonly top: number; readonly boxes: readonly Box[] }[] = [
  { top: 0, boxes: [['text', 16, 56], ['tokens', 98, 68], ['ids', 192, 48], ['embeddings', 266, 102]] }, // biome-ignore format: a row
  { top: 78, boxes: [['norm', 28, 48], ['attention', 90, 78], ['+', 182, 20], ['norm', 216, 48], ['feed-forward', 278, 62], ['+', 354, 20]] }, // biome-ignore format: a row
  { top: 162, boxes: [['final norm', 16, 86], ['head', 126, 56], ['scores', 206, 64], ['choice', 294, 74]] }, // biome-ignore format: a row
  { top: 266, boxes: [['data', 28, 60], ['loss', 114, 56], ['gradients', 196, 84], ['weights', 306, 68]] }, // biome-ignore format: a row
];
const [WIDTH, BOX_HEIGHT, TEXT_SIZE] = [384, 32, 14];
const BLOCK = { x: 16, y: 50, width: 368, height: 84 };
const TRAINING = { x: 16, y: 231, width: 368, height: 81 };
const HEIGHT = TRAINING.y + TRAINING.height;

/** Parts that are more than one box. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  block: ['norm', 'attention', 'feed-forward', 'shortcuts'],
  model: ['embeddings', 'norm', 'attention', 'feed-forward', 'shortcuts', 'final norm', 'head', 'scores'],
  training: ['data', 'loss', 'gradients', 'weights'],
};
const BOXES = [...new Set(ROWS.flatMap(({ boxes }) => boxes.map(([name]) => name)))].filter((name) => name !== '+');

/** What a page can name as its part. */
export const PARTS: readonly string[] = [...BOXES, 'shortcuts', ...Object.keys(GROUPS), 'everything'];

const WORDS = [
  'Text is cut into tokens, tokens become ids, and ids become embeddings',
  'Twelve blocks follow: in each a norm and attention, then a norm and a feed-forward network, both with a shortcut around them',
  'A final norm and the head turn the result into scores, a choice among them is the next token, and it is appended to the text',
  'Beside it, training: data gives a loss, the loss gradients, and the gradients change the weights',
];

/**
 * The overview as a standalone SVG, with `parts` in colour.
 *
 * @param title the image's name for a screen reader; it is not drawn
 * @throws TsgptError if a part is not one of {@link PARTS}
 */
export function overviewSvg(title: string, parts: readonly string[]): string {
  const unknown = parts.find((part) => !PARTS.includes(part));
  ensure(unknown === undefined, `The overview has no part "${unknown}"; its parts are ${PARTS.join(', ')}.`);
  const isHere = (name: string) =>
    parts.some((part) => part === 'everything' || part === name || GROUPS[part]?.includes(name));
  const drawing = [
    ...[BLOCK, TRAINING].map(drawFrame),
    caption('a block, 12 times', BLOCK.x + 10, BLOCK.y + 13),
    caption('training', TRAINING.x + 10, TRAINING.y + 16),
    caption('the next token is appended', 16, 217),
    ...ROWS.flatMap(drawArrows),
    ...turns.map((d) => line(d)),
    ...shortcuts.map((d) => line(d, isHere('shortcuts'))),
    ...ROWS.flatMap(({ top, boxes }) =>
      boxes.map((box) => drawBox(box, top, isHere(box[0] === '+' ? 'shortcuts' : box[0]))),
    ),
  ];
  const moved = element('g', { transform: `translate(${PADDING / 2}, ${PADDING / 2})` }, drawing.join('\n'));
  return svgFile(title, WORDS, [WIDTH + PADDING + 2, HEIGHT + PADDING], moved);
}

function drawBox([name, left, width]: Box, top: number, isHere: boolean): string {
  const isSum = name === '+';
  const size = isSum ? width : BOX_HEIGHT;
  const shape = { x: left, y: top + (BOX_HEIGHT - size) / 2, width, height: size, rx: isSum ? size / 2 : 5 };
  const look = isHere
    ? { fill: colour('series-1'), stroke: colour('series-1') }
    : { fill: colour('paper'), stroke: colour('ink-soft') };
  // Two lines where one would make the row too long.
  const lines = name === 'feed-forward' ? ['feed-', 'forward'] : [name];
  const fontSize = lines.length > 1 ? 13 : TEXT_SIZE;
  const words = lines.map((content, i) => {
    const y = top + BOX_HEIGHT / 2 + (i - (lines.length - 1) / 2) * 13 - 1;
    return text(content, left + width / 2, y, { 'font-size': fontSize, fill: colour(isHere ? 'paper' : 'ink') });
  });
  return element('rect', { ...shape, ...look, 'stroke-width': 1.5 }) + words.join('');
}

function drawFrame(frame: Record<string, number>): string {
  const shade = colour('ink-soft');
  return element('rect', {
    ...frame,
    rx: 8,
    fill: shade,
    'fill-opacity': 0.05,
    stroke: shade,
    'stroke-dasharray': '5 4',
  });
}

function caption(content: string, x: number, y: number): string {
  return text(content, x, y, { 'text-anchor': 'start', 'font-size': 13, fill: colour('ink-soft') });
}

/** An arrow from every box of a row to the next. */
function drawArrows({ top, boxes }: (typeof ROWS)[number]): string[] {
  const y = top + BOX_HEIGHT / 2;
  return boxes.slice(1).map(([, left], i) => {
    const [, before, width] = boxes[i]!;
    return line(`M${before + width},${y}H${left}`);
  });
}

/** From the end of each row to the beginning of the next, and from the choice back to the text. */
const turns = ['M317,32V41H9V94H28', 'M374,94H380V144H59V162', 'M331,194V204H2V16H16'];
/** Around attention and around the feed-forward network, from before the norm to the sum. */
const shortcuts = ['M22,94V122H192V104', 'M209,94V122H364V104'];

/** A path with an arrowhead at its end. */
function line(d: string, isHere = false): string {
  const shade = colour(isHere ? 'series-1' : 'ink-soft');
  const path = element('path', { d, fill: 'none', stroke: shade, 'stroke-width': isHere ? 3 : 1.5 });
  return path + element('path', { d: arrowhead(d), fill: shade });
}

/** The arrowhead at the end of a path of horizontal and vertical steps. */
function arrowhead(d: string): string {
  let [x, y] = [0, 0];
  let direction = [0, 0];
  for (const [, step, numbers = ''] of d.matchAll(/([MHV])([\d.,]+)/g)) {
    const [first = 0, second = 0] = numbers.split(',').map(Number);
    if (step === 'M') [x, y] = [first, second];
    else if (step === 'H') [direction, x] = [[Math.sign(first - x), 0], first];
    else [direction, y] = [[0, Math.sign(first - y)], first];
  }
  const [dx = 0, dy = 0] = direction;
  return `M${x},${y}L${x - 7 * dx - 4 * dy},${y - 7 * dy - 4 * dx}L${x - 7 * dx + 4 * dy},${y - 7 * dy + 4 * dx}Z`;
}
