import { element, type SvgElement } from './frame.ts';
import type { LegendEntry } from './header.ts';
import type { Range } from './range.ts';
import { textWidth } from './text.ts';

const RAMP_WIDTH = 140;
const STEPS = 28;
const HEIGHT = 16;
const GAP = 8;

/** The colours of a heat map between its lowest and highest value, and the sign of masked cells if there are any. */
export function heatLegend(
  name: string,
  [low, high]: Range,
  format: (value: number) => string,
  hasMasked: boolean,
): LegendEntry[] {
  const [lowText, highText] = [low, high].map((value) => (value === 0 ? '0' : format(value))) as [string, string];
  const start = textWidth(lowText) + GAP;
  const ramp = (svg: SvgElement) => [
    element(svg, 'text', { x: 0, dy: '0.35em', 'text-anchor': 'start' }, lowText),
    ...rampSteps(svg, start, low / high),
    element(svg, 'text', { x: start + RAMP_WIDTH + GAP, dy: '0.35em', 'text-anchor': 'start' }, highText),
  ];
  const width = start + RAMP_WIDTH + GAP + textWidth(highText) + GAP;
  const lines = 'M0,8L16,-8M8,8L24,-8M0,0L8,-8M16,8L24,0';
  const masked = (svg: SvgElement) => [
    element(svg, 'path', { class: 'chart-ink-soft', d: lines, stroke: 'currentColor', 'stroke-opacity': 0.5 }),
  ];
  return [{ name, width, sign: ramp }, ...(hasMasked ? [{ name: 'masked', width: 24, sign: masked }] : [])];
}

function rampSteps(svg: SvgElement, start: number, lowest: number): SvgElement[] {
  const width = RAMP_WIDTH / STEPS;
  const frame = { x: start, y: -HEIGHT / 2, width: RAMP_WIDTH, height: HEIGHT, fill: 'none', stroke: 'currentColor' };
  const steps = Array.from({ length: STEPS }, (_, i) => {
    const value = lowest + ((1 - lowest) * (i + 0.5)) / STEPS;
    return element(svg, 'rect', {
      class: value < 0 ? 'chart-heat-negative' : 'chart-heat',
      x: start + i * width,
      y: -HEIGHT / 2,
      width,
      height: HEIGHT,
      'fill-opacity': Math.abs(value).toFixed(3),
      'shape-rendering': 'crispEdges', // no seams between the steps
    });
  });
  return [...steps, element(svg, 'rect', { ...frame, class: 'chart-grid' })];
}
