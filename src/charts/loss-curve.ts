import { ensure } from '../core/errors.ts';
import { ensureKind, ensureList, ensureString } from '../core/kind.ts';
import { knownOptions } from '../core/options.ts';
import { rangeOf } from './axis.ts';
import { lineChartSvg } from './line-chart.ts';

/** A loss measured at one training step, in nats per token. */
export interface LossPoint {
  readonly step: number;
  readonly loss: number;
}

/** The losses of a training run, each list in the order of its steps. */
export interface LossCurve {
  readonly train: readonly LossPoint[];
  readonly validation: readonly LossPoint[];
}

/**
 * A loss curve as a standalone SVG file. Many training losses are drawn as means of neighbours, since thousands of jumps make a band and not
 * a line. Losses that are NaN or infinite are left out, and a remark says how many.
 *
 * @throws TsgptError if the curve has no finite loss
 */
export async function lossCurveSvg(curve: LossCurve, options: { title?: string } = {}): Promise<string> {
  const { title = 'Loss during training' } = knownOptions('lossCurveSvg', options, { title: true });
  ensureString('lossCurveSvg', 'the title', title);
  ensureKind('lossCurveSvg', 'the losses of training and validation', curve, 'train', 'validation');
  ensureList('lossCurveSvg', 'the losses of training', curve.train, 'step', 'loss');
  ensureList('lossCurveSvg', 'the losses of validation', curve.validation, 'step', 'loss');
  const { train, validation, notFinite } = drawable(curve);
  const named = (series: string, losses: readonly LossPoint[]) =>
    losses.map(({ step, loss }) => ({ series, x: step, y: loss }));
  const means = meanLosses(train, 300, rangeOf(train.map(({ step }) => step)));
  const points = [...named('train', [...means, ...notFinite]), ...named('validation', validation)];
  return lineChartSvg({ title, xLabel: 'step', yLabel: 'loss (nats per token)', points });
}

/** The part of a curve that can be drawn, and what is left over from a run that diverged. */
export function drawable({ train, validation }: LossCurve): LossCurve & { readonly notFinite: readonly LossPoint[] } {
  const isDrawn = ({ step, loss }: LossPoint) => Number.isFinite(step + loss);
  const notFinite = [...train, ...validation].filter((point) => !isDrawn(point));
  ensure(
    notFinite.length < train.length + validation.length,
    'there is no finite loss to draw; train some steps first',
  );
  return { train: train.filter(isDrawn), validation: validation.filter(isDrawn), notFinite };
}

/** Which of `columns` of equal width a step falls into. */
export function columnOf(step: number, [first, last]: readonly [number, number], columns: number): number {
  return Math.round(((step - first) / (last - first || 1)) * (columns - 1));
}

/** At most one point for each column: the mean of its steps and losses. */
export function meanLosses(
  points: readonly LossPoint[],
  columns: number,
  steps: readonly [number, number],
): LossPoint[] {
  const sums = new Map<number, { step: number; loss: number; count: number }>();
  for (const { step, loss } of points) {
    const column = columnOf(step, steps, columns);
    const sum = sums.get(column) ?? { step: 0, loss: 0, count: 0 };
    sums.set(column, { step: sum.step + step, loss: sum.loss + loss, count: sum.count + 1 });
  }
  return Array.from(sums.values(), ({ step, loss, count }) => ({ step: step / count, loss: loss / count }));
}
