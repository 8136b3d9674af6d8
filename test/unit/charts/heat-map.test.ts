import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HeatMap, heatMapSvg } from '../../../src/charts/index.ts';
import { TsgptError } from '../../../src/core/errors.ts';
import { descriptionOf, expectStandalone, numbersOf, rootOf, textsOf } from '../../support/svg.ts';

const labels = ['Your', ' journey', ' starts'];
const values = [
  [1, null, null],
  [0.25, 0.75, null],
  [0, 0.5, 0.5],
];
const attention = {
  title: 'Attention',
  rows: labels,
  columns: labels,
  rowLabel: 'looking token',
  columnLabel: 'token looked at',
  valueLabel: 'attention weight',
  tokens: true,
};
/** Coloured cells, outlines of cells, and signs of masked ones. */
const COLOURED = 'g.chart-heat > rect';
const FRAMES = 'g.chart-grid > rect';
const HATCHES = 'g[aria-label="link"] path';

describe('heatMapSvg', () => {
  it('gives every cell the opacity of its value; 0 has only a frame, masked cells only a hatch', () => {
    const svg = heatMapSvg({ ...attention, values });
    expectStandalone(svg, 'Attention');
    expect(numbersOf(svg, COLOURED, 'fill-opacity')).toEqual([1, 0.25, 0.75, 0.5, 0.5]);
    expect(numbersOf(svg, FRAMES, 'x').length).toBe(6);
    expect(rootOf(svg).querySelectorAll(HATCHES).length).toBe(3);
    const names = ['␣journey', 'looking token', 'token looked at', 'attention weight', 'masked', '0', '1.00', '0.25'];
    expect(textsOf(svg)).toEqual(expect.arrayContaining(names));
    // Rows go down and columns to the right: the second row's two cells are beside one another below the first.
    const [x, y] = [numbersOf(svg, COLOURED, 'x'), numbersOf(svg, COLOURED, 'y')];
    expect(x[1]).toBe(x[0]);
    expect(x[2]).toBeGreaterThan(x[1]!);
    expect(y[1]).toBeGreaterThan(y[0]!);
    expect(y[2]).toBe(y[1]);
  });

  it('says in words where each row has its largest value', () => {
    expect(descriptionOf(heatMapSvg({ ...attention, values, description: 'Each token looks back.' }))).toBe(
      'Each token looks back. Heat map of attention weight: 3 rows (looking token) by 3 columns (token looked at). ' +
        'The largest value of row Your is 1.00 at Your, of row ␣journey is 0.75 at ␣journey, of row ␣starts is 0.50 at ␣journey. ' +
        '3 cells masked.',
    );
  });

  it('writes values in the ink for their colour, and none where cells are too small', () => {
    const svg = heatMapSvg({ ...attention, values });
    const inks = (ink: string) =>
      [...rootOf(svg).querySelectorAll(`g.chart-ink-on-${ink} text`)].map((t) => t.textContent);
    expect(inks('strong')).toEqual(['1.00', '0.75']);
    expect(inks('pale')).toEqual(['0.25', '0.00', '0.50', '0.50']);
    expect(textsOf(heatMapSvg({ ...attention, values, cellValues: false }))).not.toContain('0.75');
    const many = Array.from({ length: 20 }, (_, i) => `${i}`);
    const large = { ...attention, rows: many, columns: many, values: many.map(() => many.map(() => 0.5)) };
    expect(textsOf(heatMapSvg(large))).not.toContain('0.5');
    expect(() => heatMapSvg({ ...large, cellValues: true })).toThrow('do not fit into the cells');
  });

  it('keeps the labels of twenty tokens apart', () => {
    const tokens =
      'It is a truth universally acknowledged , that a single man in possession of a good fortune , must be';
    const labels = tokens.split(' ').map((token) => ` ${token}`);
    const square = labels.map((_, i) => labels.map((_, j) => (j > i ? null : 1 / (i + 1))));
    const svg = heatMapSvg({ ...attention, rows: labels, columns: labels, values: square });
    const places = (axis: string) =>
      [...rootOf(svg).querySelectorAll(`[aria-label="${axis}-axis tick label"] text`)].map((text) => {
        const [, x, y, angle = 0] = /translate\(([\d.]+),([\d.]+)\)(?: rotate\((-?\d+)\))?/
          .exec(text.getAttribute('transform')!)!
          .map(Number);
        return { x: x!, y: y!, angle: Number.isNaN(angle) ? 0 : angle };
      });
    for (const axis of ['x', 'y']) {
      const labels = places(axis);
      expect(labels.length).toBe(20);
      for (let i = 1; i < 20; i++) {
        const [a, b] = [labels[i - 1]!, labels[i]!];
        const turn = (a.angle * Math.PI) / 180;
        // Distance between the lines on which the two labels are written.
        const distance = Math.abs((b.x - a.x) * Math.sin(turn) - (b.y - a.y) * Math.cos(turn));
        expect(distance, `${axis} label ${i}`).toBeGreaterThan(16);
      }
    }
  });

  it('has a second colour for negative values, on a symmetric scale', () => {
    const chart = { title: 'Signed', rows: ['a'], columns: ['0', '1', '2'], valueLabel: 'value' };
    const svg = heatMapSvg({ ...chart, values: [[-2, 1, 0]] });
    expectStandalone(svg, 'Signed');
    expect(numbersOf(svg, COLOURED, 'fill-opacity')).toEqual([0.5]);
    expect(numbersOf(svg, 'g.chart-heat-negative > rect', 'fill-opacity')).toEqual([1]);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['−2.00', '2.00']));
    const limited = heatMapSvg({ ...chart, values: [[-2, 1, 0]], limit: 1 });
    expect(numbersOf(limited, COLOURED, 'fill-opacity')).toEqual([1]);
  });

  it('draws panels with one scale and one legend, in a balanced grid', () => {
    const panels = [1, 2, 3, 4].map((head) => ({
      title: `head ${head}`,
      values: values.map((row) => row.map((v) => v && v / head)),
    }));
    const svg = heatMapSvg({ ...attention, panels });
    expectStandalone(svg, 'Attention');
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['head 1', 'head 4']));
    expect(numbersOf(svg, FRAMES, 'x').length).toBe(24);
    const opacities = numbersOf(svg, COLOURED, 'fill-opacity');
    expect(opacities.slice(0, 5)).toEqual([1, 0.25, 0.75, 0.5, 0.5]);
    expect(opacities.slice(15)).toEqual([0.25, 0.063, 0.188, 0.125, 0.125]);
    expect(descriptionOf(svg)).toContain('head 4: the largest value of row Your is 0.25 at Your');
  });

  it.each([1, 2, 3, 4])('makes small cells square, with %i panels', (count) => {
    const columns = Array.from({ length: 8 }, (_, i) => `${i}`);
    const panels = Array.from({ length: count }, (_, p) => ({
      title: `${p}`,
      values: columns.map(() => [...columns.keys()]),
    }));
    const svg = heatMapSvg({ title: 'Squares', rows: columns, columns, valueLabel: 'value', panels });
    const [width, height] = ['width', 'height'].map((name) => numbersOf(svg, FRAMES, name)[0]!);
    expect(height).toBeCloseTo(Math.min(44, width!), 1);
  });

  it('crosses cells that are not finite and says how many', () => {
    const svg = heatMapSvg({
      title: 'Broken',
      rows: ['a'],
      columns: ['0', '1'],
      valueLabel: 'value',
      values: [[1, Number.NaN]],
    });
    expectStandalone(svg, 'Broken');
    expect(rootOf(svg).querySelectorAll(HATCHES).length).toBe(2);
    expect(textsOf(svg)).toContain('not finite and crossed: 1 cell');
    expect(textsOf(svg)).not.toContain('masked');
  });

  it('draws a large matrix without frames and with every n-th label', () => {
    const many = Array.from({ length: 80 }, (_, i) => `${i}`);
    const svg = heatMapSvg({
      title: 'Large',
      rows: many,
      columns: many,
      valueLabel: 'value',
      values: many.map(() => many.map(Number)),
    });
    expect(rootOf(svg).querySelectorAll(FRAMES).length).toBe(0);
    expect(rootOf(svg).querySelectorAll(COLOURED).length).toBe(80 * 79); // the first column is 0
    expect(rootOf(svg).querySelectorAll('[aria-label="y-axis tick label"] text').length).toBeLessThan(40);
  });

  it('draws any finite numbers and any texts as well-formed XML', () => {
    const text = fc.string({ unit: 'binary' });
    const cell = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }));
    const shape = fc.tuple(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 5 }),
    );
    const content = shape.chain(([rows, columns, panels]) => {
      const exactly = <T>(what: fc.Arbitrary<T>, count: number) =>
        fc.array(what, { minLength: count, maxLength: count });
      const values = exactly(exactly(cell, columns), rows);
      return fc.record({
        rows: exactly(text, rows),
        columns: exactly(text, columns),
        panels: exactly(fc.record({ title: text, values }), panels),
        tokens: fc.boolean(),
      });
    });
    fc.assert(
      fc.property(content, (content) => {
        const cells = content.panels.flatMap(({ values }) => values.flat()).filter((value) => value !== null);
        fc.pre(cells.length > 0);
        const svg = heatMapSvg({ title: 'Any', valueLabel: 'value', ...content });
        expectStandalone(svg, 'Any');
        expect(numbersOf(svg, FRAMES, 'x').length).toBe(cells.length);
      }),
      { numRuns: 40 },
    );
  });

  it('refuses what cannot be drawn, in a sentence', () => {
    const draw = (chart: object) => () => heatMapSvg({ ...attention, values, ...chart } as HeatMap);
    const wrong: [string, () => string][] = [
      ['is empty', draw({ rows: [], values: [] })],
      ['is empty', draw({ panels: [] })],
      ['has 2 rows of values but 3 row labels', draw({ values: values.slice(1) })],
      ['Row 1 of the heat map "Attention" has 1 values', draw({ values: [values[0], [1], values[2]] })],
      ['none of its values is finite', draw({ values: labels.map(() => [null, Number.NaN, null]) })],
      ['limit of the heat map "Attention" is 0', draw({ limit: 0 })],
      ['more than 10000 cells', draw({ rows: Array(101).fill('r'), columns: Array(100).fill('c') })],
    ];
    for (const [message, attempt] of wrong) {
      expect(attempt).toThrow(TsgptError);
      expect(attempt).toThrow(message);
    }
  });
});
