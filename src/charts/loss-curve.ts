import { drawable, type LossCurve, thin } from './curve.ts';
import { lineChartSvg } from './line-chart.ts';

export type { LossCurve, LossPoint } from './curve.ts';

export interface LossCurveOptions {
  /** Heading, and the image's name for a screen reader. */
  readonly title?: string;
}

/** About one point for every two pixels: more could not be told apart. */
const MAX_TRAIN_POINTS = 300;

/**
 * A loss curve as a standalone SVG file: training and validation loss over the steps, with labelled axes and a legend,
 * legible on paper and in a browser's dark mode.
 *
 * A training curve of many points is thinned to the mean of neighbouring steps; every validation point is drawn. Losses that
 * are NaN or infinite are left out, and a remark says how many.
 *
 * @throws TsgptError if the curve has no finite loss
 */
export function lossCurveSvg(curve: LossCurve, { title = 'Loss during training' }: LossCurveOptions = {}): string {
  const { train, validation, notFinite } = drawable(curve);
  const lines = [
    { name: 'train', dots: false, losses: thin(train, MAX_TRAIN_POINTS) },
    { name: 'validation', dots: true, losses: validation },
  ];
  return lineChartSvg({
    title,
    x: { label: 'step' },
    y: { label: 'loss (nats per token)' },
    series: lines
      .filter(({ losses }) => losses.length > 0)
      .map(({ losses, ...line }) => ({ ...line, points: losses.map(({ step, loss }) => ({ x: step, y: loss })) })),
    remark: notFinite > 0 ? `${notFinite} losses are not finite and left out` : '',
  });
}
