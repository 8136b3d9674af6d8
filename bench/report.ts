import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { threads } from './configurations.ts';
import { median } from './statistics.ts';

export interface Result {
  title: string;
  ours: Side;
  theirs: Side;
  /** PyTorch's time over ours, of every round's medians. */
  roundRatios: number[];
  trials: { title: string; seconds: number }[];
  dispatch: Dispatch;
}

export interface Side {
  seconds: number[];
  peakBytes: number;
  /** Processors kept busy while the other side was being timed. */
  idleLoad: number | undefined;
  /** Processor time a step takes; of all that is measured here, other programs on the machine disturb it least. */
  cpuPerStep: number | undefined;
}

export interface Dispatch {
  traceSeconds: number;
  dispatchSeconds: number;
  leaves: number;
  outputs: number;
}

/** As many digits as a time of this size deserves. */
export function milliseconds(seconds: number): string {
  return (seconds * 1000).toFixed(seconds < 0.1 ? 1 : 0);
}

function gibibytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(2);
}

function table(header: string[], rows: string[][]): string {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The results as Markdown, with what they were measured on. */
export function report(results: readonly Result[], torch: string): string {
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'));
  const times = (side: Side) => `${milliseconds(median(side.seconds))} / ${milliseconds(Math.min(...side.seconds))}`;
  const loads = (side: Side) => side.idleLoad?.toFixed(2) ?? 'unknown';
  const work = (side: Side) => (side.cpuPerStep === undefined ? 'unknown' : milliseconds(side.cpuPerStep));
  const [cpu] = cpus();
  return [
    `## Training step, ${new Date().toISOString().slice(0, 10)}`,
    '',
    `${cpu!.model}, ${cpus().length} cores, ${threads} threads on either side; Node ${process.versions.node}, ` +
      `onnxruntime-node ${dependencies['onnxruntime-node']}, PyTorch ${torch}. Forward, backward, clipping and AdamW; in turn in one run.`,
    '',
    table(
      [
        'configuration',
        'tsgpt, ms, median / best',
        'PyTorch, ms, median / best',
        'PyTorch / tsgpt: of medians',
        'median of rounds (range)',
        'processor ms a step, tsgpt / PyTorch',
        'peak GiB, tsgpt / PyTorch',
      ],
      results.map(({ title, ours, theirs, roundRatios }) => [
        title,
        times(ours),
        times(theirs),
        (median(theirs.seconds) / median(ours.seconds)).toFixed(2),
        `${median(roundRatios).toFixed(2)} (${Math.min(...roundRatios).toFixed(2)} to ${Math.max(...roundRatios).toFixed(2)})`,
        `${work(ours)} / ${work(theirs)}`,
        `${gibibytes(ours.peakBytes)} / ${gibibytes(theirs.peakBytes)}`,
      ]),
    ),
    '',
    'Settings of PyTorch that were tried, median ms; the first was the rival:',
    '',
    ...results.map(
      ({ title, trials }) =>
        `- ${title}: ${trials.map((trial) => `${trial.title} ${milliseconds(trial.seconds)}`).join('; ')}`,
    ),
    '',
    'Cost of a call of the compiled step besides the runtime, and processors kept busy while the other side was timed:',
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
