import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LineChart, lineChartSvg } from '../../../src/charts/index.ts';
import { TsgptError } from '../../../src/core/errors.ts';
import { descriptionOf, expectStandalone, numbersOf, rootOf, textsOf } from '../../support/svg.ts';

const axes = { x: { label: 'x' }, y: { label: 'f(x)' } };
const xs = Array.from({ length: 61 }, (_, i) => (i - 30) / 10);
const relu = { name: 'ReLU', xs, ys: xs.map((x) => Math.max(0, x)) };
const square = { name: 'square', points: xs.map((x) => ({ x, y: x * x })) };

/** The pixels of every piece of a series' line. */
function lineOf(svg: string, series: number): [number, number][][] {
  const d = rootOf(svg).querySelector(`g.chart-series-${series}[aria-label="line"] path`)?.getAttribute('d') ?? '';
  const pieces = d.split('M').slice(1);
  return pieces.map((piece: string) =>
    piece
      .replace('Z', '')
      .split('L')
      .map((point) => point.split(',').map(Number) as [number, number]),
  );
}

describe('lineChartSvg', () => {
  it('draws a line through every point, later ones further right, larger ones further up', () => {
    const svg = lineChartSvg({ title: 'Two functions', ...axes, series: [relu, square] });
    expectStandalone(svg, 'Two functions');
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining(['Two functions', 'x', 'f(x)', 'ReLU', 'square', '−3', '3', '0']),
    );
    const [line] = lineOf(svg, 2);
    expect(line!.length).toBe(61);
    for (let i = 1; i < 61; i++) {
      expect(line![i]![0]).toBeGreaterThan(line![i - 1]![0]);
      expect(Math.sign(line![i]![1] - line![i - 1]![1])).toBe(i <= 30 ? 1 : -1);
    }
    // Both lines share the axes, and the axis at 0 is where both functions are 0.
    expect(lineOf(svg, 1)[0]![30]).toEqual(line![30]);
  });

  it('gives equal points for xs and ys and for points', () => {
    const points = xs.map((x, i) => ({ x, y: relu.ys[i]! }));
    const [a, b] = [relu, { name: 'ReLU', points }].map((one) => lineChartSvg({ title: 'T', ...axes, series: [one] }));
    expect(a).toBe(b);
    const typed = { name: 'ReLU', xs: Float64Array.from(xs), ys: Float64Array.from(relu.ys) };
    expect(lineChartSvg({ title: 'T', ...axes, series: [typed] })).toBe(a);
  });

  it('has an axis of powers of ten where asked: equal factors, equal distances', () => {
    const points = [0, 1, 2, 3, 4].map((i) => ({ x: 10 ** i, y: 10 ** -i }));
    const log = { x: { label: 'steps', scale: 'log' }, y: { label: 'gradient', scale: 'log' } } as const;
    const svg = lineChartSvg({ title: 'Powers', ...log, series: [{ name: 'line', points }] });
    const [line] = lineOf(svg, 1);
    const [dx, dy] = [line![1]![0] - line![0]![0], line![1]![1] - line![0]![1]];
    for (let i = 1; i < 5; i++) {
      expect(line![i]![0] - line![i - 1]![0]).toBeCloseTo(dx, 1);
      expect(line![i]![1] - line![i - 1]![1]).toBeCloseTo(dy, 1);
    }
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['0.0001', '0.001', '0.01', '0.1', '1', '100', '10,000']));
    const small = { ...log, y: { label: 'gradient', scale: 'log' } } as const;
    const tiny = [{ name: 'line', points: [1, 2, 3].map((x) => ({ x, y: 10 ** (-3 * x) })) }];
    expect(textsOf(lineChartSvg({ title: 'T', ...small, series: tiny }))).toContain('10⁻⁹');
  });

  it('marks points with captions that hide no line and stay inside', () => {
    const notes = [{ x: 0, y: 0, text: 'smallest value' }];
    const svg = lineChartSvg({ title: 'Noted', ...axes, series: [square], notes });
    const caption = [...rootOf(svg).querySelectorAll('text.chart-halo')].find((text) =>
      text.textContent.startsWith('smallest'),
    )!;
    const [x, y] = ['x', 'y'].map((name) => Number(caption.getAttribute(name))) as [number, number];
    for (const [px, py] of lineOf(svg, 1)[0]!) {
      expect(Math.abs(px - x) < 50 && py > y - 14 && py < y + 5, `point ${px},${py}`).toBe(false);
    }
    const [low] = lineOf(svg, 1)[0]!.slice(30, 31);
    expect(numbersOf(svg, 'svg > circle', 'cx')).toEqual([low![0]]);
    expect(descriptionOf(svg)).toContain('Marked at x 0: smallest value.');
  });

  it('describes ends and extremes in words', () => {
    const svg = lineChartSvg({ title: 'T', ...axes, series: [square], description: 'A parabola' });
    expect(descriptionOf(svg)).toBe(
      'A parabola. Line chart of f(x) over x. square goes from 9 at x −3 to 9 at x 3; lowest 0 at x 0.',
    );
  });

  it('interrupts a line where a value is missing, shows lonely points as dots, and says so', () => {
    const ys = [1, 2, Number.NaN, 3, Number.NaN, 4, 5, Number.POSITIVE_INFINITY];
    const series = [{ name: 'gaps', xs: ys.map((_, i) => i), ys }];
    const svg = lineChartSvg({ title: 'Gaps', ...axes, series });
    expectStandalone(svg, 'Gaps');
    expect(lineOf(svg, 1).map((piece) => piece.length)).toEqual([2, 1, 2]);
    expect(numbersOf(svg, 'g[aria-label="dot"] circle', 'cx').length).toBe(1);
    expect(textsOf(svg)).toContain('not finite and left out: 3 points');
  });

  it('cuts lines at a given domain, with an id that no other chart has', () => {
    const cut = (ys: number[]) =>
      lineChartSvg({ title: 'Cut', ...axes, y: { label: 'f(x)', domain: [0, 1] }, series: [{ name: 'f', xs, ys }] });
    const charts = [cut(relu.ys), cut(relu.ys.map((y) => 2 * y))];
    const ids = charts.map((svg) => rootOf(svg).querySelector('clipPath')!.getAttribute('id'));
    expect(ids[0]).not.toBe(ids[1]);
    for (const [i, svg] of charts.entries()) {
      expectStandalone(svg, 'Cut');
      expect(rootOf(svg).querySelector('[clip-path]')!.getAttribute('clip-path')).toBe(`url(#${ids[i]})`);
    }
    expect(cut(relu.ys)).toBe(charts[0]); // and that the same chart has every time
  });

  it('tells eight lines apart by colour and pattern', () => {
    const series = Array.from({ length: 8 }, (_, i) => ({ name: `${i}`, xs, ys: xs.map((x) => i * x) }));
    const svg = lineChartSvg({ title: 'Eight', ...axes, series });
    const looks = [...rootOf(svg).querySelectorAll('g.chart-legend path')].map(
      (path) => `${path.getAttribute('class')} ${path.getAttribute('stroke-dasharray')}`,
    );
    expect(new Set(looks).size).toBe(8);
  });

  it('draws any finite numbers and any texts as well-formed XML', () => {
    const number = fc.double({ min: -1e300, max: 1e300, noNaN: true });
    const point = fc.record({ x: number, y: number });
    const series = fc.record({
      name: fc.string({ unit: 'binary' }),
      points: fc.array(point, { minLength: 1, maxLength: 20 }),
    });
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.array(series, { minLength: 1, maxLength: 4 }),
        fc.array(fc.record({ x: number, y: number, text: fc.string({ unit: 'binary' }) }), { maxLength: 2 }),
        (title, series, notes) => {
          const svg = lineChartSvg({ title: `T ${title}`, x: { label: title }, y: { label: title }, series, notes });
          expect(() => expectStandalone(svg, rootOf(svg).querySelector('title')!.textContent)).not.toThrow();
          expect(rootOf(svg).querySelectorAll('g.chart-legend').length).toBe(series.length);
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each([
    [5e-324, 1e-323],
    [-1e-320, 1e-310],
    [1e16, 1e16 + 2],
    [1, 1 + Number.EPSILON],
    [-1e300, 1e300],
  ])('draws the range from %d to %d', (low, high) => {
    for (const values of [
      { xs: [0, 1], ys: [low, high] },
      { xs: [low, high], ys: [0, 1] },
    ]) {
      expectStandalone(lineChartSvg({ title: 'Range', ...axes, series: [{ name: 'f', ...values }] }), 'Range');
    }
  });

  it('refuses what cannot be drawn, in a sentence', () => {
    const draw = (chart: Partial<LineChart>) => () => lineChartSvg({ title: 'T', ...axes, series: [relu], ...chart });
    const wrong: [string, () => string][] = [
      ['has no title', draw({ title: ' ' })],
      ['has no line', draw({ series: [] })],
      ['has 9 lines', draw({ series: Array.from({ length: 9 }, () => relu) })],
      ['has no finite point', draw({ series: [{ name: 'nothing', points: [] }] })],
      ['has no finite point', draw({ series: [{ name: 'nothing', xs: [1, 2], ys: [Number.NaN, Number.NaN] }] })],
      ['has 2 xs but 1 ys', draw({ series: [{ name: 'ragged', xs: [1, 2], ys: [1] }] })],
      ['cannot show 0 of "loss"', draw({ y: { label: 'loss', scale: 'log' } })],
      ['cannot show −3 of "x"', draw({ x: { label: 'x', scale: 'log' } })],
      ['domain of "x" is \\[1, 1\\]', draw({ x: { label: 'x', domain: [1, 1] } })],
      ['outside of the chart', draw({ notes: [{ x: 9, y: 0, text: 'far' }], x: { label: 'x', domain: [0, 1] } })],
      ['outside of the chart', draw({ notes: [{ x: Number.NaN, y: 0, text: 'nowhere' }] })],
      ['No axis can show', draw({ series: [{ name: 'huge', xs: [0, 1], ys: [0, 1e301] }] })],
    ];
    for (const [message, attempt] of wrong) {
      expect(attempt).toThrow(TsgptError);
      expect(attempt).toThrow(new RegExp(message));
    }
  });
});
