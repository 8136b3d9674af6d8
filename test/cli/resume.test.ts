import { spawnSync } from 'node:child_process';
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createProgram } from '../../src/cli/run-cli.ts';
import { loadCheckpoint, textTrainingRecord } from '../../src/disk/run/index.ts';
import { expectSentence, lossesIn, temporaryFolder, textFile, tiny, trainedFolder, tsgpt } from '../support/run-cli.ts';
import { start } from '../support/start-cli.ts';

const resume = (folder: string, ...flags: string[]) => tsgpt('train', '--resume', '--out', folder, ...flags);

async function recordIn(folder: string) {
  const { options, sample, text } = textTrainingRecord(await loadCheckpoint(folder, 'last'));
  return { ...options, sample, text };
}

/** What a flag does with --resume: a part of what the run then keeps, or a part of the sentence that refuses it. */
type Effect = { args: string[] } & ({ kept: object } | { refused: string });

const training: Record<string, Effect> = {
  '--batch-size': { args: ['3'], kept: { batchSize: 3 } },
  '--window-length': { args: ['5'], kept: { windowLength: 5 } },
  '--gradient-accumulation': { args: ['2'], kept: { gradientAccumulation: 2 } },
  '--learning-rate': { args: ['0.002'], kept: { learningRate: 0.002, minLearningRate: expect.closeTo(0.0002, 8) } },
  '--min-learning-rate': { args: ['0.0001'], kept: { minLearningRate: 0.0001 } },
  '--warmup-steps': { args: ['7'], kept: { warmupSteps: 7 } },
  '--weight-decay': { args: ['0.3'], kept: { weightDecay: 0.3 } },
  '--beta1': { args: ['0.7'], kept: { betas: [0.7, 0.99] } },
  '--beta2': { args: ['0.8'], kept: { betas: [0.9, 0.8] } },
  '--max-grad-norm': { args: ['2'], kept: { maxGradNorm: 2 } },
  '--eval-interval': { args: ['4'], kept: { evalInterval: 4 } },
  '--eval-windows': { args: ['5'], kept: { evalWindows: 5 } },
  '--patience': { args: ['9'], kept: { patience: 9 } },
  '--optimizer': { args: ['sgd'], refused: 'belongs to a run with optimizer adamw' },
  '--momentum': { args: ['0.5'], refused: '--momentum' },
  '--nesterov': { args: [], refused: '--nesterov' },
  '--no-nesterov': { args: [], refused: '--nesterov' },
  '--schedule': { args: ['linear'], kept: { schedule: 'linear' } },
  '--decay-steps': { args: ['3'], refused: '--decay-steps' },
  '--seed': { args: ['99'], refused: 'cannot continue with seed 99' },
  '--epochs': { args: ['2'], refused: '--epochs and --steps both say' },
  '--pack': { args: [], refused: 'learns in the order random' },
  '--separate-documents': { args: [], refused: 'belongs to a run without --separate-documents' },
  '--weights': { args: ['2'], refused: '--weights' },
  '--read-ahead': { args: ['3'], kept: { readAhead: 3 } },
};

const flags: Record<string, Effect> = {
  '--steps': { args: ['7'], kept: { steps: 7 } },
  ...training,
  '--prompt': { args: ['mat'], kept: { sample: { prompt: 'mat', tokens: 5 } } },
  '--sample-tokens': { args: ['2'], kept: { sample: { prompt: 'cat', tokens: 2 } } },
  '--ignore-memory': { args: [], kept: {} }, // for this time only
  '--preset': { args: ['char-tiny'], refused: '--preset does not go with it' },
  '--from': { args: ['runs/other'], refused: '--from does not go with it' },
  '--tokenizer': { args: ['gpt2'], refused: 'belongs to a run with another tokenizer than gpt2' },
  '--family': { args: ['llama'], refused: 'cannot continue with family llama' },
  '--validation-fraction': { args: ['0.4'], refused: '--validation-fraction 0.4 would change' },
  '--special': { args: [], refused: 'the tokenizer of this model has no special tokens' },
  '--encoding': { args: ['windows-1252'], kept: { text: expect.objectContaining({ reading: { encoding: 'windows-1252' } }) } }, // biome-ignore format: a table
  '--include': { args: ['*.txt'], refused: '--include' },
  '--exclude': { args: ['*.md'], refused: '--exclude' },
};

/** Flags that say which run is resumed, and that it is. */
const about = ['--out', '--resume'];

/** A value other than the run's for a flag of the model's shape. */
const shape: Record<string, string[]> = {
  '--context-length': ['16'],
  '--emb-dim': ['32'],
  '--n-heads': ['4'],
  '--n-layers': ['2'],
  '--drop-rate': ['0.5'],
};

const { commands } = await createProgram();

describe('train --resume', () => {
  const command = commands.find((command) => command.name() === 'train') as Command;
  const optionOf = (long: string) => command.options.find((option) => option.long === long) as Option;
  const isOfShape = (option: Option) =>
    !Object.hasOwn(flags, option.long!) && (option.helpGroupHeading ?? '').startsWith('Model');

  it('has a rule for every flag', () => {
    const others = command.options.filter((option) => !about.includes(option.long!) && !isOfShape(option));
    expect(others.map(({ long }) => long!).sort()).toEqual(Object.keys(flags).sort());
    for (const long of Object.keys(shape)) expect(optionOf(long)).toBeDefined();
  });

  it('applies each flag and keeps it, or refuses it in a sentence', async () => {
    const folder = await trainedFolder('--prompt', 'cat');
    let steps = 7;
    for (const [flag, effect] of Object.entries(flags)) {
      const more = flag === '--steps' ? [] : ['--steps', String(++steps)];
      const outcome = await resume(folder, flag, ...effect.args, ...more);
      if ('refused' in effect) {
        expectSentence(outcome, effect.refused);
        continue;
      }
      expect([flag, outcome.code, outcome.stderr]).toEqual([flag, 0, '']);
      expect(await recordIn(folder)).toMatchObject(effect.kept);
      // The next run keeps what this one was told; so that the table is about one flag each, it is told otherwise.
      if (flag === '--prompt') await resume(folder, '--prompt', 'cat', '--steps', String(++steps));
      if (flag === '--beta1') await resume(folder, '--beta1', '0.9', '--steps', String(++steps));
    }
  });

  it('refuses another shape of the model, and every flag of another family', async () => {
    const folder = await trainedFolder();
    const config = (await loadCheckpoint(folder)).file.config as object;
    for (const option of command.options.filter(isOfShape)) {
      const value = shape[option.long!] ?? (option.required ? ['3'] : []);
      const outcome = await resume(folder, option.long!, ...value, '--steps', '9');
      if (option.attributeName() in config) {
        const isSame = outcome.code === 0; // a switch that the run has on already
        if (!isSame) expectSentence(outcome, 'belongs to a run with');
        expect(isSame).toBe(option.long === '--no-tied-head' ? false : outcome.code === 0);
      } else expectSentence(outcome, 'has no');
    }
  });

  it('goes on writing the samples that it was asked for at first', async () => {
    const folder = await trainedFolder('--prompt', 'the cat');
    expect((await resume(folder, '--steps', '8')).stdout).toContain('│ the cat');
    const { stdout } = await resume(folder, '--steps', '10', '--sample-tokens', '0');
    expect(stdout).not.toContain('│');
    expect((await resume(folder, '--steps', '12')).stdout).not.toContain('│');
  });

  it('of a finished run says how to go on', async () => {
    const folder = await trainedFolder();
    const outcome = await resume(folder);
    expectSentence(outcome, `the run in ${folder} has finished its 6 steps; add more, for instance with --steps 12`);
    expect(outcome.stdout).toBe('');
    expectSentence(await resume(folder, '--steps', '4'), 'has already made 6 steps; add more');
  });

  it('says where to name a text that has moved, takes it from there, and no other text', async () => {
    const [folder, text] = [join(temporaryFolder(), 'run'), textFile()];
    expect((await tsgpt('train', text, '--out', folder, ...tiny)).code).toBe(0);
    const moved = `${text}.moved`;
    renameSync(text, moved);
    expectSentence(
      await resume(folder, '--steps', '8'),
      `the text of the run in ${folder} is no longer at ${text}; say where it is now: `,
    );
    const other = textFile('the mat sat on the cat.\n'.repeat(30));
    expectSentence(
      await tsgpt('train', other, '--resume', '--out', folder, '--steps', '8'),
      `the text ${other} is not the one this run was trained on`,
    );
    expect((await tsgpt('train', moved, '--resume', '--out', folder, '--steps', '8')).code).toBe(0);
    expect((await resume(folder, '--steps', '9')).code).toBe(0); // it knows the new place
  });
});

describe('a folder', () => {
  it('whose run failed before its first step takes a new one', async () => {
    const folder = join(temporaryFolder(), 'run');
    const text = textFile();
    const endless = ['--steps', '1000000', '--eval-interval', '1000000'];
    const first = start(['train', text, '--out', folder, ...tiny, ...endless]);
    await expect.poll(() => existsSync(join(folder, 'best.json')), { timeout: 30_000 }).toBe(true);
    first.child.kill('SIGKILL');
    await first.ended;
    expect((await loadCheckpoint(folder)).file.step).toBe(0);

    const { code, stderr } = await tsgpt('train', text, '--out', folder, ...tiny, '--steps', '3', '--emb-dim', '8');
    expect([code, stderr]).toEqual([0, '']);
    expect(lossesIn(folder).map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    expectSentence(await tsgpt('train', text, '--out', folder, ...tiny), 'already holds a training run');
  });

  it('that vanishes while a model is trained ends the run with the true reason', async () => {
    const folder = join(temporaryFolder(), 'run');
    const { child, ended, until } = start(['train', textFile(), '--out', folder, ...tiny, '--steps', '1000000']);
    await until('stdout', /^step +3\//m);
    renameSync(folder, `${folder}.moved`);
    const { code, stderr } = await ended;
    child.kill('SIGKILL');
    expect([code, stderr]).toEqual([
      1,
      `error: the folder ${folder} is no longer there, so nothing can be saved in it; was it moved or removed?\n`,
    ]);
    expect(existsSync(folder)).toBe(false);
    expect((await loadCheckpoint(`${folder}.moved`, 'last')).file.step).toBeGreaterThanOrEqual(3);
  });

  it.skipIf(!existsSync('/proc/self'))('that cannot be made is refused at once', async () => {
    for (const place of ['/proc/foo', '/proc/foo/bar', '/proc/self/run']) {
      expectSentence(await tsgpt('train', textFile(), '--out', place, ...tiny), `cannot create the folder ${place}`);
    }
  });

  it('that is a file, or below one, is refused', async () => {
    const file = textFile();
    expectSentence(await tsgpt('train', file, '--out', file, ...tiny), 'is a file, not a folder');
    expectSentence(await tsgpt('train', file, '--out', join(file, 'run'), ...tiny), `${file} is a file`);
  });

  it('on a read-only disk is refused with the true reason, and can be read', async ({ skip }) => {
    const disk = temporaryFolder();
    const mount = (options: string) =>
      spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk], { stdio: 'ignore' }).status === 0;
    skip(process.platform !== 'linux' || !mount('size=1m'), 'mounting needs Linux and root');
    onTestFinished(() => void spawnSync('umount', [disk]));
    const folder = join(disk, 'run');
    expect((await tsgpt('train', textFile(), '--out', folder, ...tiny)).code).toBe(0);
    expect(mount('remount,ro')).toBe(true);
    expectSentence(await tsgpt('train', textFile(), '--out', join(disk, 'new'), ...tiny), 'the disk is read-only');
    expectSentence(await resume(folder, '--steps', '9'), 'the disk is read-only');
    const { code, stderr } = await tsgpt('generate', folder, '--max-tokens', '3', '--prompt', 'the');
    expect([code, stderr]).toEqual([0, '']);
  });
});
