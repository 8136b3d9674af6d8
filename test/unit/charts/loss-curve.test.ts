import { describe, expect, it } from 'vitest';
import { thin } from '../../../src/charts/curve.ts';
import { type LossPoint, lossCurveSvg } from '../../../src/charts/loss-curve.ts';
import { TsgptError } from '../../../src/core/errors.ts';
import { descriptionOf, expectStandalone, rootOf, textsOf } from '../../support/svg.ts';

/** A loss that falls at every step, so that the drawing must too. */
const falling = (count: number, every = 1): LossPoint[] =>
  Array.from({ length: count }, (_, i) => ({ step: i * every, loss: 1 + 3 / (1 + i * every) }));

/** The pixels that a line of the drawing passes through. */
function pixels(svg: string, className: string): [number, number][] {
  const path = rootOf(svg).querySelector(`g.${className}[aria-label="line"] path`);
  return (path?.getAttribute('d') ?? '')
    .split(/[ML]/)
    .slice(1)
    .map((point: string) => point.split(',').map(Number) as [number, number]);
}

const TRAIN = 'chart-series-1';
const VALIDATION = 'chart-series-2';

describe('lossCurveSvg', () => {
  it('is a standalone, well-formed file that names its axes and lines', () => {
    const svg = lossCurveSvg(
      { train: falling(100), validation: falling(5, 25) },
      { title: 'Café & <b>"tokens"</b>\u00a0©' },
    );
    expectStandalone(svg, 'Café & <b>"tokens"</b>\u00a0©');
    expect(descriptionOf(svg)).toBe(
      'Line chart of loss (nats per token) over step. train falls from 4 at step 0 to 1.03 at step 99. ' +
        'validation falls from 4 at step 0 to 1.03 at step 100.',
    );
    const names = ['step', 'loss (nats per token)', 'train', 'validation', '0', '100'];
    expect(textsOf(svg)).toEqual(expect.arrayContaining(names));
  });

  it('maps later steps further right and smaller losses further down', () => {
    const svg = lossCurveSvg({ train: falling(100), validation: falling(5, 25) });
    for (const [className, count] of [
      [TRAIN, 100],
      [VALIDATION, 5],
    ] as [string, number][]) {
      const points = pixels(svg, className);
      expect(points.length).toBe(count);
      for (let i = 1; i < points.length; i++) {
        expect(points[i]![0]).toBeGreaterThan(points[i - 1]![0]);
        expect(points[i]![1]).toBeGreaterThan(points[i - 1]![1]);
      }
    }
    // Both lines share the axes: equal measurements are drawn at equal places.
    expect(pixels(svg, VALIDATION)[1]).toEqual(pixels(svg, TRAIN)[25]);
  });

  it('thins a long training curve but draws every validation point', () => {
    const svg = lossCurveSvg({ train: falling(50_000), validation: falling(500, 100) });
    expect(pixels(svg, TRAIN).length).toBe(300);
    expect(pixels(svg, VALIDATION).length).toBe(500);
    expect(svg.length).toBeLessThan(60_000);
  });

  it('draws a run that has no validation, one point, equal losses, or losses that are not finite', () => {
    const curves = {
      'no validation': { train: falling(10), validation: [] },
      'no training': { train: [], validation: falling(10) },
      'one point': { train: [{ step: 3, loss: 4 }], validation: [] },
      'equal losses': { train: [0, 1, 2].map((step) => ({ step, loss: 2 })), validation: [{ step: 2, loss: 2 }] },
      diverged: { train: [...falling(3), { step: 3, loss: NaN }, { step: 4, loss: Infinity }], validation: [] },
    };
    for (const [title, curve] of Object.entries(curves)) {
      const svg = lossCurveSvg(curve);
      expectStandalone(svg, 'Loss during training');
      expect(textsOf(svg).includes('validation'), title).toBe(curve.validation.length > 0);
      expect(textsOf(svg).includes('train'), title).toBe(curve.train.length > 0);
    }
    expect(lossCurveSvg(curves.diverged)).toContain('2 losses are not finite and left out');
    for (const curve of [curves['one point'], curves['equal losses']]) {
      const ticks = rootOf(lossCurveSvg(curve)).querySelectorAll('[aria-label="y-axis tick label"] text');
      expect(ticks.length).toBeGreaterThan(2); // an axis, although there is one loss only
    }
    const dot = rootOf(lossCurveSvg(curves['one point'])).querySelector(`g.${TRAIN}[aria-label="dot"] circle`)!;
    expect(Number(dot.getAttribute('cx'))).toBeGreaterThan(50); // inside the frame, where it can be seen
    expect(Number(dot.getAttribute('cx'))).toBeLessThan(600);
  });

  it('refuses a curve without any finite loss', () => {
    for (const train of [[], [{ step: 0, loss: Number.NaN }]]) {
      expect(() => lossCurveSvg({ train, validation: [] })).toThrow(TsgptError);
    }
  });
});

describe('thin', () => {
  it('keeps a short curve, and the ends and the mean of a long one', () => {
    expect(thin(falling(10), 10)).toEqual(falling(10));
    const points = Array.from({ length: 1002 }, (_, step) => ({ step, loss: step % 2 }));
    const thinned = thin(points, 102);
    expect(thinned.length).toBe(102);
    expect([thinned[0], thinned.at(-1)]).toEqual([points[0], points.at(-1)]);
    expect(thinned[1]).toEqual({ step: 5.5, loss: 0.5 }); // steps 1 to 10
    for (const { loss } of thinned.slice(1, -1)) expect(loss).toBe(0.5);
  });
});
