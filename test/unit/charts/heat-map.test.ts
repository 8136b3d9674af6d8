import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HeatMap, heatMapSvg } from '../../../src/charts/index.ts';
import { TsgptError } from '../../../src/core/errors.ts';
import { boxesOf, descriptionOf, expectStandalone, numbersOf, rootOf, textsOf } from '../../support/svg.ts';

const labels = ['Your', '␣journey', '␣starts'];
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
  panels: [{ values }],
};
const CELLS = 'g.mark-rect.role-mark path';
const opacitiesOf = (svg: string) => numbersOf(svg, CELLS, 'opacity');

describe('heatMapSvg', () => {
  it('gives every cell the opacity of its value, and masked cells a sign', async () => {
    const svg = await heatMapSvg(attention);
    expectStandalone(svg, 'Attention');
    expect(opacitiesOf(svg)).toEqual([1, 0.25, 0.75, 0, 0.5, 0.5]);
    expect(textsOf(svg).filter((text) => text === '╱').length).toBe(3);
    const names = ['␣journey', 'looking token', 'token looked at', 'attention weight', '0', '1', '0.25'];
    expect(textsOf(svg)).toEqual(expect.arrayContaining(names));
    // Rows go down and columns to the right: the second row's two cells are beside one another below the first.
    const [first, second, third] = boxesOf(svg);
    expect(second!.x).toBe(first!.x);
    expect(third!.x).toBeGreaterThan(second!.x);
    expect(second!.y).toBeGreaterThan(first!.y);
    expect(third!.y).toBe(second!.y);
  });

  it('says in words where each row has its largest value', async () => {
    expect(descriptionOf(await heatMapSvg(attention))).toBe(
      'Heat map of attention weight: 3 rows (looking token) by 3 columns (token looked at). ' +
        'The largest value of row Your is 1 at Your, of row ␣journey is 0.75 at ␣journey, of row ␣starts is 0.5 at ␣journey.',
    );
  });

  it('writes values into large cells, with a border of paper, and none into small ones', async () => {
    const texts = [...rootOf(await heatMapSvg(attention)).querySelectorAll('g.mark-text text[stroke]')];
    expect(texts.map(({ textContent }) => textContent)).toEqual(['1', '0.25', '0.75', '0', '0.5', '0.5']);
    const many = Array.from({ length: 20 }, (_, i) => `${i}`);
    const panels = [{ values: many.map(() => many.map(() => 0.123)) }];
    expect(
      textsOf(await heatMapSvg({ ...attention, rows: many, columns: many, panels }), 'g.mark-text text[stroke]'),
    ).toEqual([]);
  });

  it('keeps the labels of twenty tokens apart', async () => {
    const tokens =
      'It is a truth universally acknowledged , that a single man in possession of a good fortune , must be';
    const labels = tokens.split(' ').map((token) => `␣${token}`);
    const square = labels.map((_, i) => labels.map((_, j) => (j > i ? null : 1 / (i + 1))));
    const svg = await heatMapSvg({ ...attention, rows: labels, columns: labels, panels: [{ values: square }] });
    // The line after the last cell has an empty label.
    const texts = [...rootOf(svg).querySelectorAll('g.role-axis-label text')].filter(({ textContent }) => textContent);
    const places = texts.map((text) => {
      const [, x, y, angle = '0'] = /translate\(([-\d.]+),([-\d.]+)\)(?: rotate\((-?\d+)\))?/.exec(
        text.getAttribute('transform')!,
      )!;
      return { x: Number(x), y: Number(y), turn: (Number(angle) * Math.PI) / 180 };
    });
    expect(places.length).toBe(40);
    for (const [i, a] of places.entries()) {
      for (const b of places.slice(i + 1).filter(({ turn }) => turn === a.turn)) {
        // Distance between the lines on which the two labels are written.
        const distance = Math.abs((b.x - a.x) * Math.sin(a.turn) - (b.y - a.y) * Math.cos(a.turn));
        expect(distance, `label ${i}`).toBeGreaterThan(16);
      }
    }
  });

  it('has a second colour for negative values, on a symmetric scale, and says which is which', async () => {
    const chart = { title: 'Signed', rows: ['a'], columns: ['0', '1', '2'], valueLabel: 'value' };
    const svg = await heatMapSvg({ ...chart, panels: [{ values: [[-2, 1, 0]] }] });
    expectStandalone(svg, 'Signed');
    expect(opacitiesOf(svg)).toEqual([1, 0.5, 0]);
    const [negative, positive] = [...rootOf(svg).querySelectorAll(CELLS)].map((cell) => cell.getAttribute('fill'));
    expect(negative).not.toBe(positive);
    expect(textsOf(svg, 'g.role-legend-label text')).toEqual(['positive', 'negative', '0', '1', '2']);
    expect(textsOf(svg)).toContain('size of value');
  });

  it('draws panels with one scale and one legend, in a balanced grid, in their order', async () => {
    const panels = [4, 3, 2, 1].map((head) => ({
      title: `head ${head}`,
      values: values.map((row) => row.map((v) => v && v / head)),
    }));
    const svg = await heatMapSvg({ ...attention, panels });
    expectStandalone(svg, 'Attention');
    expect(textsOf(svg).filter((text) => text.startsWith('head'))).toEqual(['head 4', 'head 3', 'head 2', 'head 1']);
    const opacities = opacitiesOf(svg);
    expect(opacities.length).toBe(24);
    expect(opacities[0]).toBe(0.25);
    expect(opacities.slice(18)).toEqual([1, 0.25, 0.75, 0, 0.5, 0.5]);
    expect(descriptionOf(svg)).toContain('head 4: the largest value of row Your is 0.25 at Your');
    expect(rootOf(svg).getAttribute('width')).toBe('640');
  });

  it.each([1, 2, 3, 4])('makes small cells square, with %i panels', async (count) => {
    const columns = Array.from({ length: 8 }, (_, i) => `${i}`);
    const panels = Array.from({ length: count }, (_, p) => ({
      title: `${p}`,
      values: columns.map(() => [...columns.keys()]),
    }));
    const svg = await heatMapSvg({ title: 'Squares', rows: columns, columns, valueLabel: 'value', panels });
    const { width, height } = boxesOf(svg)[0]!;
    expect(height).toBeCloseTo(Math.min(44, width), 1);
  });

  it('draws any finite numbers and any texts as well-formed XML', async () => {
    const text = fc.string({ unit: 'binary' });
    const cell = fc.option(fc.double({ min: -1e300, max: 1e300, noNaN: true }), { freq: 5 });
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
        panels: exactly(values, panels).map((all) => all.map((values, i) => ({ title: `${i} <&`, values }))),
      });
    });
    await fc.assert(
      fc.asyncProperty(content, async (content) => {
        const cells = content.panels.flatMap(({ values }) => values.flat()).filter((value) => value !== null);
        fc.pre(cells.length > 0);
        const svg = await heatMapSvg({ title: 'Any', valueLabel: 'value', ...content });
        expectStandalone(svg, 'Any');
        expect(boxesOf(svg).length).toBe(cells.length);
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });

  it('refuses what cannot be drawn, in a sentence', async () => {
    const wrong: [string, Partial<HeatMap>][] = [
      ['none of its values is finite', { rows: [], columns: [], panels: [{ values: [] }] }],
      ['none of its values is finite', { panels: [] }],
      ['has not the shape of its labels, [3, 3]', { panels: [{ values: values.slice(1) }] }],
      ['has not the shape of its labels, [3, 3]', { panels: [{ values: [values[0]!, [1], values[2]!] }] }],
      ['none of its values is finite', { panels: [{ values: labels.map(() => [null, Number.NaN, null]) }] }],
    ];
    for (const [message, change] of wrong) {
      const drawn = heatMapSvg({ ...attention, ...change });
      await expect(drawn).rejects.toThrow(TsgptError);
      await expect(drawn).rejects.toThrow(message);
    }
  });
});
