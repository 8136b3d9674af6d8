import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { drawable, type LossCurve, type LossPoint, rangeOf, thin, widened } from './curve.ts';

export type { LossCurve, LossPoint } from './curve.ts';

export interface LossCurveOptions {
  /** Heading, and the image's name for a screen reader. */
  readonly title?: string;
}

const WIDTH = 720;
const HEIGHT = 420;

/** About one point for every two pixels: more could not be told apart. */
const MAX_TRAIN_POINTS = 300;

/**
 * Blue and orange of the Okabe-Ito palette, which readers with colour blindness can tell apart. The drawing names only
 * classes, so that the colours of both backgrounds are found in this one place.
 */
const STYLE = `
.loss-curve { color: #24292f; }
.loss-curve .background { fill: #ffffff; }
.loss-curve .train { color: #0072b2; }
.loss-curve .validation { color: #c25400; }
@media (prefers-color-scheme: dark) {
  .loss-curve { color: #d7dde4; }
  .loss-curve .background { fill: #15191f; }
  .loss-curve .train { color: #56b4e9; }
  .loss-curve .validation { color: #ffa04d; }
}
`;

/**
 * A loss curve as a standalone SVG file: training and validation loss over the steps, with labelled axes and a legend,
 * legible on paper and in a browser's dark mode.
 *
 * A training curve of many points is thinned to the mean of neighbouring steps; every validation point is drawn. Losses that
 * are NaN or infinite are left out, and a note says how many.
 *
 * @throws TsgptError if the curve has no finite loss
 */
export function lossCurveSvg(curve: LossCurve, { title = 'Loss during training' }: LossCurveOptions = {}): string {
  const { train, validation, notFinite, steps } = drawable(curve);
  const trainLine = thin(train, MAX_TRAIN_POINTS);
  const losses = rangeOf([...trainLine, ...validation].map(({ loss }) => loss));
  const [firstStep, lastStep] = widened(steps, 1);
  const line = (points: readonly LossPoint[], className: string) =>
    Plot.line(points, { x: 'step', y: 'loss', stroke: 'currentColor', strokeWidth: 1.75, className });
  const dots = (points: readonly LossPoint[], className: string) =>
    Plot.dot(points, { x: 'step', y: 'loss', r: 2.5, fill: 'currentColor', className });

  const svg = Plot.plot({
    document: parseHTML('<html></html>').document,
    width: WIDTH,
    height: HEIGHT,
    marginTop: 64,
    marginRight: 28,
    marginBottom: 48,
    marginLeft: 68,
    style: { fontSize: '12px' },
    x: {
      label: 'step',
      labelAnchor: 'center',
      labelArrow: 'none',
      domain: [firstStep, lastStep],
      ticks: Math.min(10, lastStep - firstStep), // no half steps
    },
    y: {
      label: 'loss (nats per token)',
      labelAnchor: 'center',
      labelArrow: 'none',
      labelOffset: 52,
      domain: widened(losses, 0.5),
      nice: true,
      grid: true,
    },
    marks: [
      line(trainLine, 'train'),
      trainLine.length === 1 ? dots(trainLine, 'train') : null, // a line of one point cannot be seen
      line(validation, 'validation'),
      dots(validation, 'validation'),
    ],
  });

  const note = notFinite > 0 ? `${notFinite} losses are not finite and left out` : '';
  const description = [inWords('Training loss', train), inWords('validation loss', validation), note];
  svg.prepend(
    element(svg, 'title', {}, title),
    element(svg, 'desc', {}, `${description.filter(Boolean).join('; ')}.`),
    element(svg, 'style', {}, STYLE),
    element(svg, 'rect', { class: 'background', width: '100%', height: '100%' }),
  );
  svg.append(
    element(svg, 'text', { x: 16, y: 26, 'font-size': 15, 'font-weight': 600, 'text-anchor': 'start' }, title),
  );
  const shown = [train.length > 0 ? ['train'] : [], validation.length > 0 ? ['validation'] : []].flat();
  shown.forEach((name, i) => {
    svg.append(legendEntry(svg, name, 16 + 84 * i));
  });
  if (note) svg.append(element(svg, 'text', { x: WIDTH - 28, y: 46, 'text-anchor': 'end' }, note));
  svg.classList.add('loss-curve');
  svg.setAttribute('role', 'img');
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return `${svg.outerHTML}\n`;
}

type Svg = ReturnType<typeof Plot.plot>;

/** A piece of the line as it is drawn, and its name: the validation line has dots. */
function legendEntry(svg: Svg, name: string, x: number) {
  const entry = element(svg, 'g', { class: name, transform: `translate(${x},42)` });
  entry.append(element(svg, 'path', { d: 'M0,0H22', stroke: 'currentColor', 'stroke-width': 1.75 }));
  if (name === 'validation') entry.append(element(svg, 'circle', { cx: 11, r: 2.5 }));
  entry.append(element(svg, 'text', { x: 28, y: 4, 'text-anchor': 'start' }, name));
  return entry;
}

/** "Training loss falls from 4.17 at step 0 to 1.52 at step 5000": the chart for those who cannot see it. */
function inWords(name: string, points: readonly LossPoint[]): string {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return '';
  const verb = last.loss < first.loss ? 'falls' : 'goes';
  return `${name} ${verb} from ${first.loss.toFixed(2)} at step ${first.step} to ${last.loss.toFixed(2)} at step ${last.step}`;
}

function element(svg: Svg, tag: string, attributes: Record<string, string | number>, text = '') {
  const made = svg.ownerDocument.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(text);
  return made;
}
