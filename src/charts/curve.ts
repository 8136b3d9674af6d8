import { ensure } from '../core/errors.ts';
import { type Range, rangeOf } from './range.ts';

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

/** The part of a curve that can be drawn, and how much of it cannot. */
export interface DrawableCurve extends LossCurve {
  /** Points left out because their loss is NaN or infinite: a run that diverged. */
  readonly notFinite: number;
  /** Smallest and largest step. */
  readonly steps: Range;
}

/**
 * Leaves out what cannot be drawn.
 *
 * @throws TsgptError if nothing is left
 */
export function drawable(curve: LossCurve): DrawableCurve {
  const isDrawable = ({ step, loss }: LossPoint) => Number.isFinite(step) && Number.isFinite(loss);
  const train = curve.train.filter(isDrawable);
  const validation = curve.validation.filter(isDrawable);
  const points = [...train, ...validation];
  ensure(points.length > 0, 'There is no loss to draw: the run has no finite loss yet; train some steps first.');
  return {
    train,
    validation,
    notFinite: curve.train.length + curve.validation.length - points.length,
    steps: rangeOf(points.map(({ step }) => step)),
  };
}

/**
 * At most `limit` points: neighbours are replaced by the mean of their steps and losses, because a training loss jumps from
 * batch to batch and thousands of jumps make a band, not a line. The first and last points are kept, so that the curve
 * begins and ends where the run did.
 */
export function thin(points: readonly LossPoint[], limit: number): LossPoint[] {
  if (points.length <= limit) return [...points];
  const inner = points.slice(1, -1);
  const buckets = Math.max(1, limit - 2);
  const means = Array.from({ length: buckets }, (_, i) => {
    const bucket = inner.slice(
      Math.floor((i * inner.length) / buckets),
      Math.floor(((i + 1) * inner.length) / buckets),
    );
    const mean = (key: keyof LossPoint) => bucket.reduce((sum, point) => sum + point[key], 0) / bucket.length;
    return { step: mean('step'), loss: mean('loss') };
  });
  return [points[0]!, ...means, points.at(-1)!];
}
