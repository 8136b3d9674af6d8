import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { threads } from './configurations.ts';
import { median } from './statistics.ts';

export interface Result {
  title: string;
  ours: Side;
  theirs: Side;
  /** For every round: PyTorch's median time over ours. */
  roundRatios: number[];
  trials: { title: string; seconds: number }[];
  dispatch: Dispatch;
  /** The losses of the last step of tsgpt and PyTorch. */
  losses: [number, number];
  /** The rates of a product of two matrices of 1024 rows, of tsgpt and PyTorch. */
  gflops: [number, number];
}

export interface Side {
  seconds: number[];
  peakBytes: number;
  /** How many processors this side kept busy while the other side was timed. */
  idleLoad: number | undefined;
  /** Processor time per step, the measurement that other programs on the machine disturb least. */
  cpuPerStep: number | undefined;
}

export interface Dispatch {
  traceSeconds: number;
  dispatchSeconds: number;
  leaves: number;
  outputs: number;
}

/** A time with as many digits as its size deserves. */
export function milliseconds(seconds: number): string {
  return (seconds * 1000).toFixed(seconds < 0.1 ? 1 : 0);
}

function gibibytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(2);
}

function table(header: string[], rows: string[][]): string {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The results as Markdown, with the machine and versions they were measured on. */
export function report(results: readonly Result[], torch: string): string {
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'));
  const times = (side: Side) => `${milliseconds(median(side.seconds))} / ${milliseconds(Math.min(...side.seconds))}`;
  const loads = (side: Side) => side.idleLoad?.toFixed(2) ?? 'unknown';
  const work = (side: Side) => (side.cpuPerStep === undefined ? 'unknown' : milliseconds(side.cpuPerStep));
  const [cpu] = cpus();
  return [
    `## Training step, ${new Date().toISOString().slice(0, 10)}`,
    '',
    `${cpu!.model}, ${cpus().length} cores, ${threads} threads on each side; Node ${process.versions.node}, ` +
      `onnxruntime-node ${dependencies['onnxruntime-node']}, PyTorch ${torch}. Forward, backward, clipping and AdamW; the sides take turns in one run.`,
    '',
    table(
      [
        'configuration',
        'tsgpt, ms, median / best',
        'PyTorch, ms, median / best',
        'PyTorch / tsgpt: by medians / by best times',
        'median of rounds (range)',
        'processor ms a step, tsgpt / PyTorch',
        'peak GiB, tsgpt / PyTorch',
        'last loss, tsgpt / PyTorch',
        'products, GFLOP/s, tsgpt / PyTorch',
      ],
      results.map(({ title, ours, theirs, roundRatios, losses, gflops }) => [
        title,
        times(ours),
        times(theirs),
        `${(median(theirs.seconds) / median(ours.seconds)).toFixed(2)} / ${(Math.min(...theirs.seconds) / Math.min(...ours.seconds)).toFixed(2)}`,
        `${median(roundRatios).toFixed(2)} (${Math.min(...roundRatios).toFixed(2)} to ${Math.max(...roundRatios).toFixed(2)})`,
        `${work(ours)} / ${work(theirs)}`,
        `${gibibytes(ours.peakBytes)} / ${gibibytes(theirs.peakBytes)}`,
        losses.map((loss) => loss.toFixed(4)).join(' / '),
        gflops.map((rate) => rate.toFixed(0)).join(' / '),
      ]),
    ),
    '',
    'The PyTorch settings that were tried, with their median in ms; the first was compared with tsgpt:',
    '',
    ...results.map(
      ({ title, trials }) =>
        `- ${title}: ${trials.map((trial) => `${trial.title} ${milliseconds(trial.seconds)}`).join('; ')}`,
    ),
    '',
    'The cost of a call of the compiled step without the runtime, and how many processors a side kept busy while the other was timed:',
    '',
    table(
      ['configuration', 'leaves → outputs', 'first call: tracing, ms', 'later calls, ms', 'idle load, tsgpt / PyTorch'],
      results.map(({ title, dispatch, ours, theirs }) => [
        title,
        `${dispatch.leaves} → ${dispatch.outputs}`,
        (dispatch.traceSeconds * 1000).toFixed(0),
        (dispatch.dispatchSeconds * 1000).toFixed(3),
        `${loads(ours)} / ${loads(theirs)}`,
      ]),
    ),
    '',
  ].join('\n');
}
