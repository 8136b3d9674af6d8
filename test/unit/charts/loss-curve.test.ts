import { describe, expect, it } from 'vitest';
import { type LossPoint, lossCurveSvg, meanLosses } from '../../../src/charts/loss-curve.ts';
import { TsgptError } from '../../../src/core/errors.ts';
import { descriptionOf, expectStandalone, linesOf, rootOf, textsOf } from '../../support/svg.ts';

/** A loss that falls at every step, so that the drawing must too. */
const falling = (count: number, every = 1): LossPoint[] =>
  Array.from({ length: count }, (_, i) => ({ step: i * every, loss: 1 + 3 / (1 + i * every) }));

describe('lossCurveSvg', () => {
  it('is a standalone, well-formed file that names its axes and lines', async () => {
    const svg = await lossCurveSvg(
      { train: falling(100), validation: falling(5, 25) },
      { title: 'Café & <b>"tokens"</b>\u00a0©' },
    );
    expectStandalone(svg, 'Café & <b>"tokens"</b>\u00a0©');
    expect(descriptionOf(svg)).toBe(
      'Line chart of loss (nats per token) over step. train: from 4 at step 0 to 1.03 at step 99, lowest 1.03 at step 99, highest 4 at step 0. ' +
        'validation: from 4 at step 0 to 1.03 at step 100, lowest 1.03 at step 100, highest 4 at step 0.',
    );
    const names = ['step', 'loss (nats per token)', 'train', 'validation', '0', '100'];
    expect(textsOf(svg)).toEqual(expect.arrayContaining(names));
  });

  it('maps later steps further right and smaller losses further down', async () => {
    const svg = await lossCurveSvg({ train: falling(100), validation: falling(5, 25) });
    const [train, validation] = linesOf(svg).map(([piece]) => piece!);
    expect([train!.length, validation!.length]).toEqual([100, 5]);
    for (const points of [train!, validation!]) {
      for (let i = 1; i < points.length; i++) {
        expect(points[i]![0]).toBeGreaterThan(points[i - 1]![0]);
        expect(points[i]![1]).toBeGreaterThan(points[i - 1]![1]);
      }
    }
    // Both lines share the axes: equal measurements are drawn at equal places.
    expect(validation![1]).toEqual(train![25]);
  });

  it('thins a long training curve but draws every validation point', async () => {
    const svg = await lossCurveSvg({ train: falling(50_000), validation: falling(500, 100) });
    expect(linesOf(svg).map(([piece]) => piece!.length)).toEqual([300, 500]);
    expect(svg.length).toBeLessThan(60_000);
  });

  it('draws a run that has no validation, one point, equal losses, or losses that are not finite', async () => {
    const curves = {
      'no validation': { train: falling(10), validation: [] },
      'no training': { train: [], validation: falling(10) },
      'one point': { train: [{ step: 3, loss: 4 }], validation: [] },
      'equal losses': { train: [0, 1, 2].map((step) => ({ step, loss: 2 })), validation: [{ step: 2, loss: 2 }] },
      diverged: { train: [...falling(3), { step: 3, loss: NaN }, { step: 4, loss: Infinity }], validation: [] },
    };
    for (const [title, curve] of Object.entries(curves)) {
      const svg = await lossCurveSvg(curve);
      expectStandalone(svg, 'Loss during training');
      expect(textsOf(svg).includes('validation'), title).toBe(curve.validation.length > 0);
      expect(textsOf(svg).includes('train'), title).toBe(curve.train.length > 0);
    }
    expect(await lossCurveSvg(curves.diverged)).toContain('values that are missing or not finite: 2');
    for (const curve of [curves['one point'], curves['equal losses']]) {
      const ticks = textsOf(await lossCurveSvg(curve), 'g.role-axis-label text');
      expect(ticks.length).toBeGreaterThan(4); // axes, although there is one loss only
    }
    const [dot] = [...rootOf(await lossCurveSvg(curves['one point'])).querySelectorAll('g.mark-symbol.role-mark path')];
    const x = Number(/translate\(([\d.]+)/.exec(dot!.getAttribute('transform')!)![1]);
    expect(x).toBeGreaterThan(50); // inside the frame, where it can be seen
    expect(x).toBeLessThan(550);
  });

  it('refuses a curve without any finite loss', async () => {
    for (const train of [[], [{ step: 0, loss: Number.NaN }]]) {
      await expect(lossCurveSvg({ train, validation: [] })).rejects.toThrow(TsgptError);
    }
  });
});

describe('meanLosses', () => {
  it('keeps a short curve, and gives means of a long one', () => {
    expect(meanLosses(falling(10), 10, [0, 9])).toEqual(falling(10));
    const points = Array.from({ length: 1001 }, (_, step) => ({ step, loss: step % 2 }));
    const means = meanLosses(points, 101, [0, 1000]);
    expect(means.length).toBe(101);
    for (const [i, { step, loss }] of means.slice(1, -1).entries()) {
      expect(Math.abs(step - 10 * (i + 1))).toBeLessThanOrEqual(0.5); // nine to eleven steps around it
      expect(Math.abs(loss - 0.5)).toBeLessThan(0.06);
    }
  });

  it('has no labels between two steps', async () => {
    const svg = await lossCurveSvg({ train: [1, 2].map((step) => ({ step, loss: 5 - step / 10 })), validation: [] });
    expect(textsOf(svg).filter((text) => /^[0-3](\.\d)?$/.test(text))).toEqual(['1', '2']);
  });
});
