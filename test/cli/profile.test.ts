import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';
import { savePretrained } from '../../src/disk/pretrained.ts';
import { ownTmpdir } from '../support/own-tmpdir.ts';
import { expectSentence, temporaryFolder, tiny, tsgpt } from '../support/run-cli.ts';
import { tinyGPT2 } from '../support/tiny-models.ts';

/** The cells of all rows of all tables. */
const rowsOf = (stdout: string) =>
  stdout
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) => line.split('│').slice(1, -1).map((cell) => cell.trim())); // biome-ignore format: one line

const time = v.pipe(v.number(), v.minValue(0));
const profile = v.strictObject({
  step: v.picklist(['training', 'prefill', 'token']),
  tokens: v.number(),
  runtime: v.string(),
  steps: v.strictObject({ count: v.number(), median: time, best: time }),
  profiledStep: time,
  profiledSteps: v.number(),
  inOperators: time,
  betweenOperators: time,
  outsideEngine: time,
  layers: v.array(v.strictObject({ path: v.optional(v.string()), kind: v.string(), forward: time, backward: time })),
  layerKinds: v.array(v.strictObject({ kind: v.string(), forward: time, backward: time })),
  operations: v.array(v.strictObject({ kind: v.string(), count: v.number(), milliseconds: time, flops: v.number() })),
  operators: v.array(v.strictObject({ operator: v.string(), count: v.number(), milliseconds: time })),
  flops: v.number(),
  matrixRate: v.strictObject({ size: v.literal(1024), flopsPerSecond: v.pipe(v.number(), v.minValue(1e8)) }),
  memory: v.array(v.strictObject({ purpose: v.string(), bytes: v.number() })),
});

describe('profile', () => {
  const temporary = ownTmpdir();
  let run: string;
  beforeAll(async () => {
    run = join(temporary.path(), 'run');
    const text = join(temporary.path(), 'text.txt');
    writeFileSync(text, 'the cat sat on the mat.\n'.repeat(30));
    await tsgpt('train', text, '--out', run, ...tiny, '--gradient-accumulation', '2');
  });

  it("shows a training step with the run's own settings", async () => {
    const { code, stdout, stderr } = await tsgpt('profile', run, '--train');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /A training step of 2 × 4 windows of 8 tokens: [\d.,]+ ms \(median of \d+; best [\d.]+ ms\), [\d,]+ tokens a second\./,
    );
    expect(stdout).toMatch(/multiplies two 1024 by 1024 matrices at \d+ GFLOP\/s/);
    const rows = rowsOf(stdout);
    const row = (name: string) => rows.find(([first]) => first === name)!;
    expect(row('layers')).toEqual(['layers', 'forward', 'backward', 'ms', '%']);
    for (const name of [
      'embedding',
      'norms',
      'attention: projections',
      'feed-forward',
      'optimizer',
      'JavaScript',
      'all',
    ]) {
      expect(Number(row(name)[3]!.replaceAll(',', '')), name).toBeGreaterThan(0);
    }
    expect(row('all').at(-1)).toBe('100.0');
    const [kind, count, , , rate, share] = row('matrix products');
    expect([kind, Number(count) > 20, share?.endsWith('%')]).toEqual(['matrix products', true, true]);
    expect(Number(rate)).toBeGreaterThanOrEqual(0);
    for (const purpose of ['memory at its peak', "JavaScript's objects"])
      expect(stdout).toMatch(new RegExp(`^${purpose} +[\\d.]+ MiB$`, 'm'));
  });

  it('takes other settings, and says everything as JSON', async () => {
    const sizes = ['--batch-size', '3', '--window-length', '5', '--gradient-accumulation', '1'];
    const { code, stdout, stderr } = await tsgpt('profile', run, '--train', ...sizes, '--json');
    expect([code, stderr]).toEqual([0, '']);
    const { model, batchSize, windowLength, gradientAccumulation, ...rest } = JSON.parse(stdout);
    expect({ batchSize, windowLength, gradientAccumulation }).toEqual({
      batchSize: 3,
      windowLength: 5,
      gradientAccumulation: 1,
    });
    expect(model).toContain(run);
    expect(v.parse(profile, rest)).toMatchObject({ step: 'training', tokens: 15 });
  });

  it('shows the reading of a prompt and the writing of a token, of a model in a folder, quantized or not', async () => {
    const folder = join(temporaryFolder(), 'published');
    await savePretrained(folder, { model: tinyGPT2(), tokenizer: undefined } as never);
    for (const flags of [[], ['--quantize', 'q4']]) {
      const { code, stdout, stderr } = await tsgpt(
        'profile',
        folder,
        '--prompt-length',
        '30',
        '--position',
        '10',
        ...flags,
      );
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^Reading a prompt of 30 tokens: [\d.]+ ms/m);
      expect(stdout).toMatch(new RegExp(`of ${flags[1] ?? 'float32'} weights are read, [\\d.]+ GB/s\\.$`, 'm'));
      const rows = rowsOf(stdout);
      expect(rows[0]).toEqual(['layers', 'prompt ms', 'prompt %', 'token ms', 'token %']);
      expect(rows.find(([name]) => name === 'attention over keys and values')).toBeDefined();
      const json = JSON.parse((await tsgpt('profile', folder, '--json', ...flags)).stdout);
      expect(v.parse(profile, json.prefill)).toMatchObject({ step: 'prefill', tokens: 64 });
      expect(v.parse(profile, json.token)).toMatchObject({ step: 'token', tokens: 1 });
      expect(json.quantize).toBe(flags[1]);
    }
  });

  it('shows every layer', async () => {
    for (const flags of [['--train'], []]) {
      const { stdout } = await tsgpt('profile', run, '--layers', ...flags);
      const names = rowsOf(stdout).map(([name]) => name!);
      expect(names).toEqual(
        expect.arrayContaining(['blocks.0.attentionNorm', 'blocks.0.attention.output', 'finalNorm', 'head']),
      );
      expect(names.some((name) => name.startsWith('blocks.0.attention.query'))).toBe(true);
    }
  });

  it('works for a preset, whose weights are random', async () => {
    const { code, stdout } = await tsgpt('profile', 'char-tiny', '--train');
    expect(code).toBe(0);
    expect(stdout).toContain('char-tiny, untrained');
    expect(stdout).toContain('A training step of 12 windows of 32 tokens');
  });

  it('says which settings do not go together or are impossible', async () => {
    expectSentence(await tsgpt('profile', run, '--train', '--quantize', 'q8'), '--quantize');
    expectSentence(await tsgpt('profile', run, '--batch-size', '3'), '--batch-size belongs to training; add --train');
    expectSentence(await tsgpt('profile', run, '--train', '--window-length', '9'), '--window-length');
    expectSentence(await tsgpt('profile', run, '--train', '--batch-size', '0'), '--batch-size');
    expectSentence(await tsgpt('profile', run, '--position', '8'), '--position must be a whole number from 0 to 7');
    expectSentence(await tsgpt('profile', run, '--prompt-length', '0'), '--prompt-length');
    expectSentence(await tsgpt('profile', 'no-such-model'), 'no-such-model');
    expect(temporary.notes()).toEqual([]);
  });
});
