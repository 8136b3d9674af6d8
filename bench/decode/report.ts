import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ratio } from '../section.ts';
import { median } from '../statistics.ts';
import type { WeightType } from './models.ts';

export type Engine = 'tsgpt' | 'llama.cpp' | 'llama.cpp, flash attention' | 'transformers.js';
export const columns = ['decode16', 'decode900', 'prefill512', 'firstToken'] as const;
export type Column = (typeof columns)[number];

export interface Measured {
  type: WeightType;
  /** For a token, for a whole prompt, or since the start of the process. */
  seconds: Record<Column, number[]>;
  peakBytes: number;
}

/** How many tokens one time in a column stands for. */
const tokens: Record<Column, number> = { decode16: 1, decode900: 1, prefill512: 512, firstToken: 1 };

const rate = (seconds: number, column: Column) => (tokens[column] / seconds).toFixed(0);
const best = (seconds: readonly number[]) => Math.min(...seconds);

/** The results as Markdown, with the machine and versions, and in each column the ratio to the best other engine. */
export function decodeReport(
  results: readonly Map<Engine, Measured>[],
  run: { processor: string; threads: number; rounds: number; starts: number },
): string {
  const ours = versionsIn('package.json').dependencies!;
  const rivals = versionsIn('interop/package.json').devDependencies!;
  const table = (rows: string[][]) => rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const head = [
    'weights',
    'engine',
    'decode at 16, tokens/s, median / best',
    'at 900',
    'prefill of 512',
    'start to first token, s',
    'peak MiB',
  ];
  const rows = results.flatMap((engines) =>
    [...engines].map(([engine, { type, seconds, peakBytes }]) => [
      type,
      engine,
      ...(['decode16', 'decode900', 'prefill512'] as const).map(
        (column) => `${rate(median(seconds[column]), column)} / ${rate(best(seconds[column]), column)}`,
      ),
      `${median(seconds.firstToken).toFixed(2)} / ${best(seconds.firstToken).toFixed(2)}`,
      (peakBytes / 2 ** 20).toFixed(0),
    ]),
  );
  return [
    `## Writing, ${new Date().toISOString().slice(0, 10)}`,
    '',
    `GPT-2 124M shape, random weights. ${run.processor}, ${run.threads} threads; Node ${process.versions.node}, ` +
      `onnxruntime-node ${ours['onnxruntime-node']}, node-llama-cpp ${rivals['node-llama-cpp']}, ` +
      `@huggingface/transformers ${rivals['@huggingface/transformers']}; ${run.rounds} rounds, ${run.starts} starts.`,
    '',
    table([head, head.map(() => '---'), ...rows]),
    '',
    'tsgpt against the best other engine in each column: how many times as fast, by medians / by best times. For memory: the least of the others over ours.',
    '',
    table([
      ['weights', ...head.slice(2)],
      head.slice(1).map(() => '---'),
      ...results.map((engines) => [[...engines.values()][0]!.type, ...ratioCells(engines)]),
    ]),
    '',
  ].join('\n');
}

/** What each column is called. */
const titles: Record<Column | 'memory', string> = {
  decode16: 'token at 16',
  decode900: 'token at 900',
  prefill512: 'prompt of 512',
  firstToken: 'start to first token',
  memory: 'peak memory',
};

/** tsgpt against the best other engine in each column. */
function ratiosOf(engines: Map<Engine, Measured>): Record<Column | 'memory', Ratio> {
  const ours = engines.get('tsgpt')!;
  const others = [...engines].filter(([engine]) => engine !== 'tsgpt').map(([, measured]) => measured);
  const against = (of: (measured: Measured) => number) => Math.min(...others.map(of)) / of(ours);
  const memory = against(({ peakBytes }) => peakBytes);
  const times = columns.map((column) => {
    const ratio = {
      median: against(({ seconds }) => median(seconds[column])),
      best: against(({ seconds }) => best(seconds[column])),
    };
    return [column, ratio] as const;
  });
  return { ...(Object.fromEntries(times) as Record<Column, Ratio>), memory: { median: memory, best: memory } };
}

/** The ratios by name, such as `q8: token at 16`. */
export function decodeRatios(results: readonly Map<Engine, Measured>[]): Record<string, Ratio> {
  return Object.fromEntries(
    results.flatMap((engines) =>
      Object.entries(ratiosOf(engines)).map(([column, ratio]) => [
        `${[...engines.values()][0]!.type}: ${titles[column as Column]}`,
        ratio,
      ]),
    ),
  );
}

function ratioCells(engines: Map<Engine, Measured>): string[] {
  const ratios = ratiosOf(engines);
  return [
    ...columns.map((column) => `${ratios[column].median.toFixed(2)} / ${ratios[column].best.toFixed(2)}`),
    ratios.memory.best.toFixed(2),
  ];
}

function versionsIn(file: string): Record<string, Record<string, string>> {
  return JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', file), 'utf8'));
}
