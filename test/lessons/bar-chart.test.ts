import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BarChart, barChartSvg } from '../../lessons/kit/bar-chart.ts';
import { TsgptError } from '../../src/core/errors.ts';
import { boxesOf, descriptionOf, expectStandalone, rootOf, textsOf } from '../support/svg.ts';

const labels = ['␣the', '↵', 'ing'];
const bars = labels.map((label, i) => ({ label, value: 0.5 ** (i + 1) }));
const lying = { title: 'Next token', valueLabel: 'probability', horizontal: true };
const gradients = { title: 'Gradients', valueLabel: 'mean absolute gradient', scale: 'log' } as const;

describe('barChartSvg', () => {
  it('draws horizontal bars as long as their values, with the values at their ends', async () => {
    const svg = await barChartSvg({ ...lying, bars });
    expectStandalone(svg, 'Next token');
    const [first, second, third] = boxesOf(svg);
    expect(first!.width / second!.width).toBeCloseTo(2, 1);
    expect(second!.width / third!.width).toBeCloseTo(2, 1);
    expect(new Set([first!.x, second!.x, third!.x]).size).toBe(1); // all begin at 0
    expect(second!.y).toBeGreaterThan(first!.y + first!.height); // the first one on top
    expect(textsOf(svg)).toEqual(expect.arrayContaining([...labels, '0.5', '0.25', '0.125', 'probability']));
    expect(descriptionOf(svg)).toBe('Bar chart of probability. ␣the 0.5, ↵ 0.25, ing 0.125.');
  });

  it('draws vertical bars from 0 up and down', async () => {
    const values = [2, -1, 0].map((value, i) => ({ label: `${i}`, value }));
    const svg = await barChartSvg({ title: 'Up and down', valueLabel: 'change', category: 'step', bars: values });
    const [up, down, none] = boxesOf(svg);
    expect(up!.height / down!.height).toBeCloseTo(2, 1);
    expect(none!.height).toBe(0);
    expect(up!.y + up!.height).toBeCloseTo(down!.y, 1); // both meet at 0
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['change', 'step', '2', '−1']));
  });

  it('has a log axis on which equal factors are equal distances and the smallest bar can be seen', async () => {
    const layers = [0.0001, 0.001, 0.01].flatMap((value, i) => [
      { label: `layer ${i}`, series: 'without shortcuts', value },
      { label: `layer ${i}`, series: 'with', value: 1 },
    ]);
    const svg = await barChartSvg({ ...gradients, bars: layers });
    expectStandalone(svg, 'Gradients');
    const [first, , second, , third] = boxesOf(svg).map(({ height }) => height) as number[];
    expect(third! - second!).toBeCloseTo(second! - first!, 1);
    expect(first).toBeGreaterThan(5);
    expect(boxesOf(svg).length).toBe(6);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['0.0001', '0.001', '1', 'layer 0']));
    expect(textsOf(svg, 'g.role-legend-label text')).toEqual(['without shortcuts', 'with']);
    const fills = [...rootOf(svg).querySelectorAll('g.mark-rect.role-mark path')].map((path) =>
      [path.getAttribute('fill'), path.getAttribute('opacity') ?? '1'].join(),
    );
    // Told apart by colour, and by how strong it is; the pale ones can be seen by their outlines.
    expect(new Set(fills)).toEqual(new Set(['#0067a0,1', '#b04b00,0.15', ',1']));
    expect(rootOf(svg).querySelectorAll('g.mark-rect.role-mark path[stroke="#b04b00"]').length).toBe(3);
    expect(descriptionOf(svg)).toContain('without shortcuts: layer 0 0.0001, layer 1 0.001, layer 2 0.01.');
  });

  it.each([false, true])('gives panels one scale, in their order; horizontal: %s', async (horizontal) => {
    const panels = [2, 1].flatMap((factor) =>
      bars.map(({ label, value }) => ({ panel: `temperature ${factor}`, label, value: value / factor })),
    );
    const svg = await barChartSvg({ ...lying, horizontal, bars: panels });
    expectStandalone(svg, 'Next token');
    expect(textsOf(svg).filter((text) => text.startsWith('temperature'))).toEqual(['temperature 2', 'temperature 1']);
    const lengths = boxesOf(svg).map(({ width, height }) => (horizontal ? width : height));
    expect(lengths.length).toBe(6);
    for (let i = 0; i < 3; i++) expect(lengths[i + 3]! / lengths[i]!).toBeCloseTo(2, 0);
    expect(textsOf(svg).filter((text) => text === '␣the').length).toBe(1); // one axis of labels for all
    expect(rootOf(svg).getAttribute('width')).toBe('640');
  });

  it('leaves missing values out and says so', async () => {
    const values = [null, Number.NaN, 0.3];
    const svg = await barChartSvg({ ...lying, bars: labels.map((label, i) => ({ label, value: values[i]! })) });
    expectStandalone(svg, 'Next token');
    expect(boxesOf(svg).filter(({ width }) => width > 0).length).toBe(1);
    expect(textsOf(svg)).toContain('values that are missing or not finite: 2');
    expect(descriptionOf(svg)).toContain('␣the –, ↵ –, ing 0.3');
  });

  it('turns labels that do not fit', async () => {
    const named = Array.from({ length: 12 }, (_, i) => ({ label: `transformer block ${i}`, value: i }));
    const svg = await barChartSvg({ title: 'Long names', valueLabel: 'value', bars: named });
    const shown = [...rootOf(svg).querySelectorAll('g.role-axis-label text')].filter((text) =>
      text.textContent.startsWith('transformer block'),
    );
    expect(shown.length).toBe(12);
    for (const label of shown) expect(label.getAttribute('transform')).toContain('rotate(315)');
  });

  it('draws any finite numbers and any texts as well-formed XML, each value with its bar', async () => {
    const number = fc.double({ min: -1e300, max: 1e300, noNaN: true });
    const text = fc.string({ unit: 'binary' });
    const bar = fc.record({
      label: text,
      series: fc.constantFrom('a', '', '<"&', 'toString'),
      value: fc.option(number, { freq: 9 }),
    });
    const selector = (bar: { label: string; series: string }) => `${bar.label}\0${bar.series}`;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(bar, { selector, minLength: 1, maxLength: 8 }),
        fc.boolean(),
        text,
        async (bars, horizontal, label) => {
          fc.pre(bars.some(({ value }) => value !== null));
          const svg = await barChartSvg({ title: 'Any', valueLabel: label, bars, horizontal });
          expectStandalone(svg, 'Any');
          expect(boxesOf(svg).length).toBe(bars.length);
        },
      ),
      { numRuns: 12, endOnFailure: true },
    );
  });

  it('refuses what cannot be drawn, in a sentence', async () => {
    const wrong: [string, Partial<BarChart>][] = [
      ['none of its values is finite', { bars: [] }],
      ['none of its values is finite', { bars: [{ label: 'a', value: Number.NaN }] }],
      ['can show no value of 0 or less', { scale: 'log', bars: [{ label: 'a', value: -1 }] }],
      ['can show no value of 0 or less', { scale: 'log', bars: [{ label: 'a', value: 0 }] }],
      ['cannot show values from 0 to 1e+301', { bars: [{ label: 'a', value: 1e301 }] }],
    ];
    for (const [message, change] of wrong) {
      const drawn = barChartSvg({ ...lying, bars, ...change });
      await expect(drawn).rejects.toThrow(TsgptError);
      await expect(drawn).rejects.toThrow(message);
    }
  });
});
