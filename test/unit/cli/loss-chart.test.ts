import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lossChartText } from '../../../src/cli/loss-chart.ts';
import { TsgptError } from '../../../src/core/errors.ts';

const ramp = (count: number, every: number, from: number, to: number) =>
  Array.from({ length: count }, (_, i) => ({ step: i * every, loss: from + ((to - from) * i) / (count - 1) }));

/** The row, from the top, of a column's highest mark. */
function rowOf(chart: string, column: number): number {
  const rows = chart.split('\n').slice(1, -1);
  return rows.findIndex((row) => /[^ ]/.test(row.slice(row.indexOf('┤') + 1)[column] ?? ' '));
}

describe('lossChartText', () => {
  it('is exactly this for a loss that falls in a straight line', () => {
    const chart = lossChartText({ train: ramp(20, 10, 4, 2), validation: [] }, { width: 26, height: 7 });
    expect(chart).toBe(
      [
        '─ train 4.00 → 2.00',
        '4.00 ┤──╮',
        '3.50 ┤  ╰────╮',
        '3.00 ┤       ╰───╮',
        '2.50 ┤           ╰────╮',
        '2.00 ┤                ╰───',
        '      0           step 190',
      ].join('\n'),
    );
  });

  it('draws validation as a double line that starts where it was first measured', () => {
    const validation = [50, 75, 100].map((step) => ({ step, loss: 3 }));
    const chart = lossChartText({ train: ramp(101, 1, 4, 1), validation }, { width: 47, height: 10 });
    const row = chart.split('\n').find((line) => line.includes('═══'))!;
    expect(row.indexOf('═') - row.indexOf('┤') - 1).toBe(20); // the middle of 41 columns
    expect(row.trimEnd().length).toBe(47);
    expect(chart.split('\n')[0]).toBe('─ train 4.00 → 1.00   ═ validation 3.00 → 3.00');
  });

  it('goes down where the loss does, in the width and height asked for', () => {
    const curve = { train: ramp(5000, 1, 4.2, 1.5), validation: ramp(11, 500, 4.3, 1.9) };
    for (const [width, height] of [
      [24, 5],
      [80, 24],
      [120, 40],
    ] as const) {
      const chart = lossChartText(curve, { width, height });
      expect(chart.split('\n').length).toBe(height);
      expect(
        Math.max(
          ...chart
            .split('\n')
            .slice(1)
            .map((line) => line.length),
        ),
      ).toBe(width);
      for (let column = 1; column < width - 6; column++) {
        expect(rowOf(chart, column)).toBeGreaterThanOrEqual(rowOf(chart, column - 1));
      }
      expect(rowOf(chart, width - 7)).toBeGreaterThan(rowOf(chart, 0));
    }
  });

  it('draws one point, equal losses, very many points and losses that are not finite', () => {
    const one = lossChartText({ train: [{ step: 3, loss: 4 }], validation: [] }, { width: 24, height: 5 });
    expect(one.split('\n').slice(1)).toEqual(['4.50 ┤', '4.00 ┤─', '3.50 ┤', '      3']);
    const flat = lossChartText({ train: ramp(9, 1, 2, 2), validation: [] }, { width: 24, height: 5 });
    expect(flat.split('\n').slice(1, 4)).toEqual(['2.50 ┤', '2.00 ┤──────────────────', '1.50 ┤']);
    expect(lossChartText({ train: ramp(300_000, 1, 4, 2), validation: [] })).toContain('step 299999');
    const diverged = lossChartText({ train: [...ramp(5, 1, 4, 3), { step: 5, loss: Number.NaN }], validation: [] });
    expect(diverged.split('\n')[0]).toBe('─ train 4.00 → 3.00   1 not finite');
    expect(diverged).not.toContain('NaN');
  });

  it('refuses an empty curve and a chart too small to read', () => {
    expect(() => lossChartText({ train: [], validation: [] })).toThrow(TsgptError);
    expect(() => lossChartText({ train: ramp(2, 1, 2, 1), validation: [] }, { width: 10 })).toThrow(/at least 24 by 5/);
  });

  it('has labels that differ, however close the losses are', () => {
    const close = lossChartText({ train: ramp(2, 1, 4.1723, 4.1701), validation: [] }, { width: 40, height: 12 });
    expect(close.split('\n')[1]).toMatch(/^4\.1723 ┤─+╮$/);
    const loss = fc.oneof(
      fc.double({ min: 0, max: 1e290, noNaN: true }),
      fc.double({ min: 4, max: 4.001, noNaN: true }),
    );
    const losses = fc.array(loss, { minLength: 1, maxLength: 30 });
    const sizes = fc.record({ width: fc.integer({ min: 24, max: 120 }), height: fc.integer({ min: 5, max: 40 }) });
    fc.assert(
      fc.property(losses, losses, sizes, (train, validation, size) => {
        const points = (losses: number[]) => losses.map((loss, step) => ({ step, loss }));
        const chart = lossChartText({ train: points(train), validation: points(validation) }, size).split('\n');
        const rows = chart.filter((line) => line.includes('┤'));
        expect(chart.length).toBe(size.height);
        expect(new Set(rows.map((row) => row.slice(0, row.indexOf('┤')))).size).toBe(rows.length);
        for (const row of rows) expect(row.length).toBeLessThanOrEqual(size.width);
      }),
    );
  });
});
