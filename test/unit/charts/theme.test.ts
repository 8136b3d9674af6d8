import { describe, expect, it } from 'vitest';
import { lineChartSvg } from '../../../src/charts/index.ts';
import { COLOURS } from '../../../src/charts/theme.ts';

type Rgb = readonly number[];

const rgb = (hex: string): Rgb => [1, 3, 5].map((start) => Number.parseInt(hex.slice(start, start + 2), 16) / 255);
const linear = (channel: number) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);
const mixed = (below: Rgb, above: Rgb, opacity: number): Rgb =>
  below.map((channel, i) => channel + (above[i]! - channel) * opacity);

/** Contrast ratio as WCAG 2 defines it. */
function contrast(a: Rgb, b: Rgb): number {
  const luminance = (colour: Rgb) =>
    [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => sum + weight * linear(colour[i]!), 0);
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** What people without red, green or blue cones see, on linear channels (Machado, Oliveira and Fernandes 2009). */
const COLOUR_BLINDNESS = {
  none: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

/** CIELAB (D65) of a colour as seen through one of the matrices. */
function lab(colour: Rgb, matrix: readonly number[]): Rgb {
  const seen = [0, 3, 6].map((row) => colour.reduce((sum, channel, i) => sum + matrix[row + i]! * linear(channel), 0));
  const [r, g, b] = seen.map((channel) => Math.min(1, Math.max(0, channel))) as [number, number, number];
  const xyz = [
    (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
    0.2126 * r + 0.7152 * g + 0.0722 * b,
    (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
  ];
  const [x, y, z] = xyz.map((t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116)) as [number, number, number];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

describe.each([
  ['light', 0],
  ['dark', 1],
] as const)('the %s colours', (_, theme) => {
  const of = (name: keyof typeof COLOURS) => rgb(COLOURS[name][theme]);
  const paper = of('paper');

  it('make text legible (WCAG AA, 4.5 to 1), on the paper and on tinted boxes', () => {
    for (const ink of ['ink', 'ink-soft'] as const) {
      expect(contrast(of(ink), paper), ink).toBeGreaterThan(4.5);
      for (const box of ['ink-soft', 'series-1', 'series-2', 'series-3'] as const) {
        const tint = mixed(paper, of(box), 0.12);
        expect(contrast(of(ink), tint), `${ink} on ${box}`).toBeGreaterThan(4.5);
      }
    }
    expect(contrast(paper, of('series-1')), 'text on a bar').toBeGreaterThan(4.5);
  });

  it('make lines and bars visible (3 to 1)', () => {
    for (const series of [1, 2, 3, 4] as const) {
      expect(contrast(of(`series-${series}`), paper)).toBeGreaterThan(3);
    }
  });

  it('tell neighbouring bars apart, of which every second one is pale (3 to 1)', () => {
    const bar = (series: 1 | 2 | 3 | 4) => mixed(paper, of(`series-${series}`), series % 2 === 1 ? 1 : 0.15);
    for (const [left, right] of [[1, 2], [2, 3], [3, 4]] as const) // biome-ignore format: pairs
      expect(contrast(bar(left), bar(right)), `${left} beside ${right}`).toBeGreaterThan(3);
  });

  it.each(Object.entries(COLOUR_BLINDNESS))('can be told apart with colour blindness: %s', (_, matrix) => {
    const series = ([1, 2, 3, 4] as const).map((i) => lab(of(`series-${i}`), matrix));
    for (const [i, a] of series.entries()) {
      for (const b of series.slice(i + 1)) {
        expect(Math.hypot(...a.map((value, k) => value - b[k]!))).toBeGreaterThan(14); // about 2 can just be seen side by side
      }
    }
  });
});

describe('the style of a chart', async () => {
  const points = [0, 1, 2].map((x) => ({ series: 'x²', x, y: x * x }));
  const svg = await lineChartSvg({ title: 'Square', xLabel: 'x', yLabel: 'y', points });
  const [, style, drawing] = /<style>(.*)<\/style>(.*)/s.exec(svg)!;

  it('follows the system on screens and stays light on paper', () => {
    expect(style).toContain(`@media screen and (prefers-color-scheme: dark) { .chart { --ink: ${COLOURS.ink[1]};`);
  });

  it('draws with the light colours, for programs that know no custom properties, and replaces every one of them', () => {
    const used = [...drawing!.matchAll(/ (fill|stroke)="(?!none)([^"]+)"/g)];
    expect(used.length).toBeGreaterThan(10);
    for (const [, kind, value] of used) {
      const name = Object.entries(COLOURS).find(([, [light]]) => light === value)?.[0];
      expect(name, value).toBeDefined();
      expect(style).toContain(`.chart [${kind}="${value}"] { ${kind}: var(--${name}); }`);
    }
    expect(new Set(Object.values(COLOURS).map(([light]) => light)).size).toBe(Object.keys(COLOURS).length);
  });
});
