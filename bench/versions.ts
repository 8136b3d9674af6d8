/**
 * Is this version as fast as another one of ours? Runs the benchmark programs of both checkouts in turn and prints the ratio of their times.
 *
 *     npm run bench:versions -- ../other-checkout
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { savePretrained } from '../src/disk/pretrained.ts';
import { GPT2, gpt2 } from '../src/models/index.ts';
import { Random } from '../src/random/random.ts';
import { GPT2Tokenizer } from '../src/tokenizer/index.ts';
import { Child } from './child.ts';
import { configurations, optionsOf, threads } from './configurations.ts';
import { median } from './statistics.ts';

const { positionals } = parseArgs({ allowPositionals: true });
const [other] = positionals;
if (!other) throw new Error('give the folder of another checkout of tsgpt, with its packages installed');
const checkouts = [resolve(other), resolve('.')];

/** Starts the same program of both checkouts, the other one first. */
function startBoth(program: string, args: readonly string[]): Promise<Child[]> {
  return Promise.all(
    checkouts.map((folder) => {
      const tsx = join(folder, 'node_modules/tsx/dist/loader.mjs');
      return Child.start(process.execPath, ['--import', tsx, join(folder, program), ...args]);
    }),
  );
}

interface Times {
  seconds: number[];
  peakBytes: number;
  loss?: number;
}

/** Asks both sides in turn, the one and then the other first, and prints a line of the table. */
async function compare(
  title: string,
  sides: readonly Child[],
  request: object,
  rounds: number,
  warmUp = 1,
): Promise<void> {
  const seconds: number[][] = [[], []];
  const last: Times[] = [];
  for (let round = -warmUp; round < rounds; round++) {
    for (const i of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const times = await sides[i]!.ask<Times>(request);
      last[i] = times;
      if (round >= 0) seconds[i]!.push(...times.seconds);
    }
  }
  const [before, after] = seconds as [number[], number[]];
  const milliseconds = (time: number) => (1000 * time).toPrecision(4);
  const ratio = (a: number, b: number) => (a / b).toFixed(3);
  const [mebibytesBefore, mebibytesAfter] = last.map(({ peakBytes }) => Math.round(peakBytes / 2 ** 20));
  const losses = last.map(({ loss }) => loss);
  const sameLoss =
    losses[0] === undefined
      ? ''
      : losses[0] === losses[1]
        ? ', losses equal'
        : `, losses differ: ${losses.join(' and ')}`;
  console.log(
    `| ${title} | ${milliseconds(median(before))} / ${milliseconds(median(after))} | ${ratio(median(before), median(after))} | ` +
      `${ratio(Math.min(...before), Math.min(...after))} | ${mebibytesBefore} / ${mebibytesAfter} MiB${sameLoss} |`,
  );
}

console.log(
  '| | median ms, other / this | ratio of medians | ratio of best times | peak memory |\n| --- | --- | --- | --- | --- |',
);
for (const [name, { model, warmUpSteps, rounds, stepsPerRound }] of Object.entries(configurations)) {
  const sides = await startBoth('bench/our-step.ts', optionsOf(model));
  const request = { steps: stepsPerRound };
  await compare(`training step, ${name}`, sides, request, rounds, Math.max(1, Math.ceil(warmUpSteps / stepsPerRound)));
  for (const side of sides) await side.exit();
}

const folder = await mkdtemp(join(tmpdir(), 'tsgpt-bench-'));
try {
  const model = new GPT2({ ...gpt2.small, dropRate: 0, qkvBias: true, tiedHead: true }, new Random(1));
  await savePretrained(folder, { model, tokenizer: new GPT2Tokenizer() }, { overwrite: true });
  const random = new Random(2);
  const ids = (length: number) => Array.from({ length }, () => random.integer(50_257));
  for (const type of ['f32', 'q8', 'q4']) {
    const sides = await startBoth('bench/decode/tsgpt.ts', [folder, type, String(threads)]);
    await compare(`${type}: token at 16`, sides, { decode: ids(16), count: 48 }, 6);
    await compare(`${type}: token at 900`, sides, { decode: ids(900), count: 24 }, 3);
    await compare(`${type}: prompt of 512`, sides, { prefill: ids(512) }, 6);
    for (const side of sides) await side.exit();
  }
} finally {
  await rm(folder, { recursive: true });
}
