import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LineChart, lineChartSvg } from '../../../src/charts/index.ts';
import { TsgptError } from '../../../src/core/errors.ts';
import { descriptionOf, expectStandalone, linesOf, rootOf, textsOf } from '../../support/svg.ts';

const axes = { xLabel: 'x', yLabel: 'f(x)' };
const xs = Array.from({ length: 61 }, (_, i) => (i - 30) / 10);
const curve = (series: string, f: (x: number) => number) => xs.map((x) => ({ series, x, y: f(x) }));
const relu = curve('ReLU', (x) => Math.max(0, x));
const square = curve('square', (x) => x * x);
const pointsOf = (series: string, ys: number[]) => ys.map((y, x) => ({ series, x, y }));

describe('lineChartSvg', () => {
  it('draws a line through every point, later ones further right, larger ones further up', async () => {
    const svg = await lineChartSvg({ title: 'Two functions', ...axes, points: [...relu, ...square] });
    expectStandalone(svg, 'Two functions');
    const names = ['Two functions', 'x', 'f(x)', 'ReLU', 'square', '−3', '3', '0'];
    expect(textsOf(svg)).toEqual(expect.arrayContaining(names));
    const [flat, line] = linesOf(svg).map(([piece]) => piece!) as [[number, number][], [number, number][]];
    expect(line.length).toBe(61);
    for (let i = 1; i < 61; i++) {
      expect(line[i]![0]).toBeGreaterThan(line[i - 1]![0]);
      expect(Math.sign(line[i]![1] - line[i - 1]![1])).toBe(i <= 30 ? 1 : -1);
    }
    expect(flat[30]).toEqual(line[30]); // both lines share the axes, and both functions are 0 there
  });

  it('describes ends and extremes in words', async () => {
    expect(descriptionOf(await lineChartSvg({ title: 'T', ...axes, points: square }))).toBe(
      'Line chart of f(x) over x. square: from 9 at x −3 to 9 at x 3, lowest 0 at x 0, highest 9 at x 3.',
    );
  });

  it('interrupts a line where a value is missing, shows lonely points, and says so', async () => {
    const points = pointsOf('gaps', [1, 2, Number.NaN, 3, Number.NaN, 4, 5, Number.POSITIVE_INFINITY]);
    const svg = await lineChartSvg({ title: 'Gaps', ...axes, points });
    expectStandalone(svg, 'Gaps');
    expect(linesOf(svg)[0]!.map((piece) => piece.length)).toEqual([2, 1, 2]);
    expect(rootOf(svg).querySelector('g.mark-line path')!.getAttribute('stroke-linecap')).toBe('round'); // a dot of its own
    expect(rootOf(svg).querySelectorAll('g.mark-symbol.role-mark path').length).toBe(5);
    expect(textsOf(svg)).toContain('values that are missing or not finite: 3');
  });

  it('tells eight lines apart by colour and pattern, in the plot and in the legend', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `line ${i}`);
    const points = names.flatMap((name, i) => curve(name, (x) => i * x));
    const svg = await lineChartSvg({ title: 'Eight', ...axes, points });
    for (const selector of ['g.mark-line.role-mark path', 'g.role-legend-symbol path']) {
      const looks = [...rootOf(svg).querySelectorAll(selector)].map(
        (path) => `${path.getAttribute('stroke')} ${path.getAttribute('stroke-dasharray')}`,
      );
      expect(looks.length).toBe(8);
      expect(new Set(looks).size).toBe(8);
    }
    expect(textsOf(svg, 'g.role-legend-label text')).toEqual(names);
  });

  it('is as wide as every chart, whatever its labels', async () => {
    const points = pointsOf('a name so long that it hardly fits into the legend', [0, 1e-12]);
    const title = 'A title so long that it needs more than one line to be written in full';
    const svg = await lineChartSvg({ title, ...axes, points });
    expect(rootOf(svg).getAttribute('width')).toBe('640');
    expect(textsOf(svg, 'g.role-title-text text')).toContain(title);
  });

  it('draws any finite numbers and any texts as well-formed XML', async () => {
    const number = fc.double({ min: -1e300, max: 1e300, noNaN: true });
    const text = fc.string({ unit: 'binary' });
    const points = fc.array(fc.record({ series: text, x: number, y: number }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(text, points, async (title, points) => {
        const kept = points.slice(0, 8); // at most eight names
        const svg = await lineChartSvg({ title: `T ${title}`, xLabel: title, yLabel: title, points: kept });
        expectStandalone(svg, rootOf(svg).querySelector('title')!.textContent);
        const names = new Set(kept.map(({ series }) => series));
        expect(rootOf(svg).querySelectorAll('g.role-legend-label text').length).toBe(names.size);
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });

  it.each([
    [5e-324, 1e-323],
    [-1e-320, 1e-310],
    [1e16, 1e16 + 2],
    [1, 1 + Number.EPSILON],
    [-1e300, 1e300],
  ])('draws the range from %d to %d', async (low, high) => {
    for (const points of [
      [
        { series: 'f', x: 0, y: low },
        { series: 'f', x: 1, y: high },
      ],
      [
        { series: 'f', x: low, y: 0 },
        { series: 'f', x: high, y: 1 },
      ],
    ]) {
      expectStandalone(await lineChartSvg({ title: 'Range', ...axes, points }), 'Range');
    }
  });

  it('refuses what cannot be drawn, in a sentence', async () => {
    const wrong: [string, Partial<LineChart>][] = [
      ['has no title', { title: ' ' }],
      ['has no finite point', { points: [] }],
      ['has no finite point', { points: pointsOf('nothing', [Number.NaN, Number.NaN]) }],
      ['cannot show values from 0 to 1e+301', { points: pointsOf('huge', [0, 1e301]) }],
    ];
    for (const [message, change] of wrong) {
      const drawn = lineChartSvg({ title: 'T', ...axes, points: relu, ...change });
      await expect(drawn).rejects.toThrow(TsgptError);
      await expect(drawn).rejects.toThrow(message);
    }
  });
});
