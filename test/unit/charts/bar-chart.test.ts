import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BarChart, barChartSvg } from '../../../src/charts/index.ts';
import { TsgptError } from '../../../src/core/errors.ts';
import { descriptionOf, expectStandalone, numbersOf, rootOf, textsOf } from '../../support/svg.ts';

const BARS = 'g[aria-label="rect"] rect';
const tokens = [' the', '\n', 'ing'];
const probabilities = [0.5, 0.25, 0.125];
const groups = tokens.map((label, i) => ({ label, values: [probabilities[i]!] }));
const lying = {
  title: 'Next token',
  value: { label: 'probability' },
  orientation: 'horizontal',
  tokens: true,
} as const;
const gradients = { title: 'Gradients', value: { label: 'mean absolute gradient', scale: 'log' } } as const;
const layers = [0.0001, 0.001, 0.01].map((value, i) => ({ label: `layer ${i}`, values: [value, 1] }));

describe('barChartSvg', () => {
  it('draws lying bars as long as their values, with the values at their ends', () => {
    const svg = barChartSvg({ ...lying, groups });
    expectStandalone(svg, 'Next token');
    const [first, second, third] = numbersOf(svg, BARS, 'width').map((width) => width + 2) as [number, number, number]; // without insets
    expect(first / second).toBeCloseTo(2, 1);
    expect(second / third).toBeCloseTo(2, 1);
    expect(new Set(numbersOf(svg, BARS, 'x')).size).toBe(1); // all begin at 0
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['␣the', '↵', 'ing', '0.5', '0.25', '0.125', 'probability']));
    expect(descriptionOf(svg)).toBe('Bar chart of probability. ␣the 0.5, ↵ 0.25, ing 0.125.');
  });

  it('draws standing bars from 0 up and down', () => {
    const values = [2, -1, 0];
    const named = values.map((value, i) => ({ label: `${i}`, values: [value] }));
    const svg = barChartSvg({
      title: 'Up and down',
      value: { label: 'change' },
      category: { label: 'step' },
      groups: named,
    });
    const [up, down, none] = numbersOf(svg, BARS, 'height') as [number, number, number];
    expect((up + 2) / (down + 2)).toBeCloseTo(2, 1);
    expect(none).toBe(0);
    const [top, below] = numbersOf(svg, BARS, 'y') as [number, number];
    expect(top + up + 2).toBeCloseTo(below, 1); // both meet at 0
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['change', 'step', '2', '−1']));
  });

  it('has a log axis on which equal factors are equal distances and the smallest bar can be seen', () => {
    const svg = barChartSvg({ ...gradients, series: ['without shortcuts', 'with'], groups: layers });
    expectStandalone(svg, 'Gradients');
    const heights = numbersOf(svg, 'g.chart-series-1 rect', 'height');
    expect(heights[2]! - heights[1]!).toBeCloseTo(heights[1]! - heights[0]!, 1);
    expect(heights[0]).toBeGreaterThan(5);
    expect(numbersOf(svg, 'g.chart-series-2 rect', 'height').length).toBe(3);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['0.0001', '0.001', '1', 'without shortcuts', 'with']));
    expect(descriptionOf(svg)).toContain('without shortcuts: layer 0 0.0001, layer 1 0.001, layer 2 0.01.');
  });

  it.each(['vertical', 'horizontal'] as const)('gives panels one scale: %s', (orientation) => {
    const panels = [1, 2].map((factor) => ({
      title: `temperature ${factor}`,
      groups: groups.map(({ label, values }) => ({ label, values: [values[0]! / factor] })),
    }));
    const svg = barChartSvg({ ...lying, orientation, panels });
    expectStandalone(svg, 'Next token');
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['temperature 1', 'temperature 2']));
    const lengths = numbersOf(svg, BARS, orientation === 'vertical' ? 'height' : 'width').map((length) => length + 2);
    expect(lengths.length).toBe(6);
    for (let i = 0; i < 3; i++) expect(lengths[i]! / lengths[i + 3]!).toBeCloseTo(2, 0);
    expect(textsOf(svg).filter((text) => text === '␣the').length).toBe(1); // one axis of labels for all
  });

  it('leaves missing values out and says so', () => {
    const values = [null, Number.NaN, 0.3];
    const svg = barChartSvg({ ...lying, groups: tokens.map((label, i) => ({ label, values: [values[i]!] })) });
    expectStandalone(svg, 'Next token');
    expect(numbersOf(svg, BARS, 'width').length).toBe(1);
    expect(textsOf(svg)).toContain('missing or not finite: 2 values');
    expect(descriptionOf(svg)).toContain('␣the missing, ↵ missing, ing 0.3');
  });

  it('turns labels that do not fit, and cuts bars at a given end of the axis', () => {
    const names = Array.from({ length: 12 }, (_, i) => ({ label: `transformer block ${i}`, values: [i] }));
    const svg = barChartSvg({ title: 'Long names', value: { label: 'value', domain: [0, 5] }, groups: names });
    const labels = [...rootOf(svg).querySelectorAll('[aria-label="x-axis tick label"] text')];
    expect(labels.length).toBe(12);
    for (const label of labels) expect(label.getAttribute('transform')).toContain('rotate(-45)');
    const heights = numbersOf(svg, BARS, 'height');
    for (const height of heights.slice(5)) expect(height).toBe(heights[5]);
  });

  it('draws any finite numbers and any texts as well-formed XML, each value with its bar', () => {
    const number = fc.double({ min: -1e300, max: 1e300, noNaN: true });
    const text = fc.string({ unit: 'binary' });
    const content = fc.integer({ min: 1, max: 4 }).chain((count) =>
      fc.record({
        series: fc.array(text, { minLength: count, maxLength: count }),
        groups: fc.array(
          fc.record({
            label: text,
            values: fc.array(fc.option(number, { freq: 9 }), { minLength: count, maxLength: count }),
          }),
          { minLength: 1, maxLength: 8 },
        ),
      }),
    );
    const orientations = fc.constantFrom('vertical', 'horizontal') as fc.Arbitrary<'vertical' | 'horizontal'>;
    fc.assert(
      fc.property(content, orientations, fc.boolean(), text, (content, orientation, tokens, label) => {
        const there = content.groups.flatMap(({ values }) => values).filter((value) => value !== null);
        fc.pre(there.length > 0);
        const svg = barChartSvg({ title: 'Any', value: { label }, ...content, orientation, tokens });
        expectStandalone(svg, 'Any');
        expect(numbersOf(svg, BARS, 'x').length).toBe(there.length);
      }),
      { numRuns: 40 },
    );
  });

  it('refuses what cannot be drawn, in a sentence', () => {
    const draw = (chart: Partial<BarChart>) => () => barChartSvg({ ...lying, groups, ...chart } as BarChart);
    const wide = Array.from({ length: 9 }, (_, i) => ({ label: `${i}`, values: [1 / (3 + i), 1 / (4 + i)] }));
    const other = { title: 'b', groups: groups.slice(1) };
    const wrong: [string, () => string][] = [
      ['has no bars', draw({ groups: [] })],
      ['has no bars', draw({ groups: undefined, panels: [] } as Partial<BarChart>)],
      ['none of its values is finite', draw({ groups: [{ label: 'a', values: [Number.NaN] }] })],
      ['name them in `series`', draw({ groups: [{ label: 'a', values: [1, 2] }] })],
      ['"b" has 2 values; there must be 1', draw({ groups: [...groups, { label: 'b', values: [1, 2] }] })],
      ['has 5 series', draw({ series: ['1', '2', '3', '4', '5'] })],
      ['different labels', draw({ groups: undefined, panels: [{ title: 'a', groups }, other] } as Partial<BarChart>)],
      ['cannot show −1', draw({ value: { label: 'p', scale: 'log' }, groups: [{ label: 'a', values: [-1] }] })],
      ['cannot show 0', draw({ value: { label: 'p', scale: 'log' }, groups: [{ label: 'a', values: [0] }] })],
      ['do not fit above', draw({ orientation: 'vertical', valueLabels: true, series: ['a', 'b'], groups: wide })],
    ];
    for (const [message, attempt] of wrong) {
      expect(attempt).toThrow(TsgptError);
      expect(attempt).toThrow(message);
    }
  });
});
