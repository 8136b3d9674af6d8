import { element, type SvgElement } from './frame.ts';
import { balancedLines, textWidth } from './text.ts';
import { FONT_SIZE, LINE_HEIGHT } from './theme.ts';

export type Pixel = readonly [x: number, y: number];

/** A text that belongs to a point of the drawing. */
export interface Caption {
  readonly at: Pixel;
  readonly text: string;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const MAX_WIDTH = 230;

/** Marks points and writes their captions where they hide least of the lines, of one another, and nothing outside of `frame`. */
export function drawCaptions(
  svg: SvgElement,
  captions: readonly Caption[],
  lines: readonly Pixel[][],
  frame: Box,
): void {
  const hidden = [...lines.flatMap(alongLine), ...captions.map(({ at }) => at)];
  const taken: Box[] = [];
  for (const { at, text } of captions) {
    const words = balancedLines(text, MAX_WIDTH);
    const size: Pixel = [Math.max(0, ...words.map((line) => textWidth(line))), words.length * LINE_HEIGHT];
    const cost = (box: Box) =>
      hidden.filter((pixel) => isInside(box, pixel)).length * 4 +
      taken.filter((other) => overlap(box, other)).length * 1000 +
      outside(box, frame) * 100 +
      Math.hypot(...gap(at, box));
    const box = places(at, size).reduce((best, place) => (cost(place) < cost(best) ? place : best));
    taken.push(box);
    svg.append(...leader(svg, at, box), element(svg, 'circle', { cx: at[0], cy: at[1], r: 5 }));
    words.forEach((line, i) => {
      const [x, y] = [(box.left + box.right) / 2, box.top + (i + 0.75) * LINE_HEIGHT];
      svg.append(element(svg, 'text', { class: 'chart-halo', x, y }, line));
    });
  }
}

/** Boxes around a point: near and far, in eight directions. */
function places([x, y]: Pixel, [width, height]: Pixel): Box[] {
  const boxes: Box[] = [];
  for (const distance of [10, 34, 64, 100]) {
    for (const [right, down] of [
      [0, 1],
      [0, -1],
      [1, 0],
      [-1, 0],
      [1, 1],
      [-1, 1],
      [1, -1],
      [-1, -1],
    ] as const) {
      const left = x + right * distance + ((right - 1) / 2) * width;
      const top = y + down * distance + ((down - 1) / 2) * height;
      boxes.push({ left, right: left + width, top, bottom: top + height });
    }
  }
  return boxes;
}

/** How far a box is from a point, to the right and down. */
function gap([x, y]: Pixel, { left, right, top, bottom }: Box): Pixel {
  return [Math.max(0, left - x) - Math.max(0, x - right), Math.max(0, top - y) - Math.max(0, y - bottom)];
}

/** A thin line from a point to its caption if that is not beside it. */
function leader(svg: SvgElement, at: Pixel, box: Box): SvgElement[] {
  const [right, down] = gap(at, box);
  if (Math.hypot(right, down) < 20) return [];
  const d = `M${at[0]},${at[1]}L${at[0] + right},${at[1] + down}`;
  return [element(svg, 'path', { class: 'chart-ink-soft', d, stroke: 'currentColor', fill: 'none' })];
}

/** Points of a line, one for every few pixels. */
function alongLine(line: readonly Pixel[]): Pixel[] {
  return line.flatMap(([x, y], i) => {
    const [x2, y2] = line[i + 1] ?? [x, y];
    const steps = Math.min(500, Math.ceil(Math.hypot(x2 - x, y2 - y) / (FONT_SIZE / 4)));
    return Array.from(
      { length: steps + 1 },
      (_, k): Pixel => [x + ((x2 - x) * k) / Math.max(1, steps), y + ((y2 - y) * k) / Math.max(1, steps)],
    );
  });
}

function isInside({ left, right, top, bottom }: Box, [x, y]: Pixel): boolean {
  return x > left - 4 && x < right + 4 && y > top && y < bottom;
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** How many pixels of a box's sides are beyond the frame. */
function outside(box: Box, frame: Box): number {
  const beyond = [frame.left - box.left, box.right - frame.right, frame.top - box.top, box.bottom - frame.bottom];
  return beyond.reduce((sum, pixels) => sum + Math.max(0, pixels), 0);
}
