import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../src/disk/safetensors.ts';
import { expectSentence, temporaryFolder, textFile, tiny, trainedFolder, tsgpt } from '../support/run-cli.ts';

const out = () => ['--out', join(temporaryFolder(), 'run')];

describe('a mistake on the command line', () => {
  it.each([
    [['train', 'x.txt', '--embdim', '3'], "unknown option '--embdim'", 'emb-dim'],
    [['train', 'x.txt', '--preset', 'huge'], "argument 'huge' is invalid", 'gpt2-xl'],
    [['train', 'x.txt', '--steps', 'many'], "argument 'many' is invalid", 'whole number'],
    [['train', 'x.txt', '--steps', '1.5'], "argument '1.5' is invalid", 'whole number'],
    [['train', 'x.txt', '--learning-rate', 'fast'], "argument 'fast' is invalid", 'must be a number'],
    [['train', 'x.txt', '--seed', ''], "argument '' is invalid", 'whole number'],
    [['train', 'x.txt', '--steps'], "option '--steps <n>' argument missing", 'tsgpt train --help'],
    [['train', 'a.txt', 'b.txt'], 'there is no file or folder a.txt', 'check the path'],
    [['info', 'a', 'b'], "too many arguments for 'info'", 'tsgpt info --help'],
    [['train'], 'train needs a text', 'give a text file'],
    [['eval'], "missing required argument 'model'", 'tsgpt eval --help'],
    [['generate', 'x', '--top-k', 'few'], "argument 'few' is invalid", 'whole number'],
    [['info'], "missing required argument 'model'", 'tsgpt info --help'],
    [['demo', '--steps', 'many'], "argument 'many' is invalid", 'whole number'],
    [['trian'], "unknown command 'trian'", 'tsgpt --help" shows what there is'],
    [['--wat'], "unknown option '--wat'", 'tsgpt --help'],
  ])('%j is one sentence', async (args, about, hint) => {
    const outcome = await tsgpt(...args);
    expectSentence(outcome, about);
    expect(outcome.stderr).toContain(hint);
    expect(outcome.stdout).toBe('');
  });
});

describe('train', () => {
  it.each<[string, string | Uint8Array, string]>([
    ['empty', '', 'is empty'],
    [
      'shorter than a window',
      'hello',
      'a window length of 8 needs at least 9; give a longer text (about 45 tokens in all)',
    ],
    [
      'of bytes that are no UTF-8',
      Uint8Array.of(0x61, 0xff, 0x62),
      'give its encoding, such as windows-1252, with --encoding, or save it as UTF-8',
    ],
  ])('a text that is %s', async (_, text, about) => {
    expectSentence(await tsgpt('train', textFile(text), ...tiny, ...out()), about);
  });

  it('a text that is not there', async () => {
    expectSentence(
      await tsgpt('train', '/no/such/text', ...tiny, ...out()),
      'there is no file or folder /no/such/text',
    );
  });

  it.each([
    [['--n-heads', '3'], '--emb-dim 16 does not divide evenly among 3 heads'],
    [['--emb-dim', '0'], '--emb-dim must be a whole number of at least 1, but is 0'],
    [['--drop-rate', '1'], '--drop-rate must be at least 0 and less than 1'],
    [['--steps', '0'], '--steps must be a whole number of at least 1, but is 0'],
    [['--batch-size', '-4'], '--batch-size must be a whole number of at least 1, but is -4'],
    [['--learning-rate', '-1'], '--learning-rate must be a number of at least 0, but is -1'],
    [['--max-grad-norm', '0'], '--max-grad-norm must be greater than 0'],
    [['--beta2', '1'], '--beta1 and --beta2 must be at least 0 and below 1'],
    [['--validation-fraction', '1'], '--validation-fraction must lie between 0 and 1'],
    [['--context-length', '1000'], 'a window length of 1000 needs at least 1001'],
    [['--emb-dim', '1000000000'], 'choose a smaller model, as with --emb-dim and --n-layers'],
    [['--n-layers', '1000000000'], 'choose a smaller model, as with --emb-dim and --n-layers'],
    [['--batch-size', '1000000000'], 'of memory (1'],
    [['--batch-size', '100000000000'], 'for a batch), but the machine has'],
    [['--batch-size', '9000000000000000'], 'EiB for a batch), but the machine has'],
    [['--batch-size', '100000000000'], '; lower --batch-size to '],
    [
      ['--n-kv-heads', '2'],
      'a model of the family gpt2 has no --n-kv-heads; the flags of its shape are --context-length',
    ],
    [['--window-length', '0'], '--window-length must be a whole number of at least 1, but is 0'],
    [['--window-length', '9'], '--window-length must be at most 8, the tokens the model sees, but is 9'],
    [
      ['--validation-fraction', '0.01'],
      'give a longer text (about 810 tokens in all), a smaller context or window length, or another share for validation',
    ],
    [['--min-learning-rate', '1'], '--min-learning-rate must be at most --learning-rate, 0.003, but is 1'],
  ])('%j', async (flags, about) => {
    const outcome = await tsgpt('train', textFile(), ...tiny, ...out(), ...flags);
    expectSentence(outcome, about);
    expect(outcome.stdout).toBe(''); // it does not say that it trains
  });

  it('a user who insists gets a warning, and then what there is to say', async () => {
    const insisting = ['--batch-size', '9000000000', '--ignore-memory'];
    const { code, stderr } = await tsgpt('train', textFile(), ...tiny, ...out(), ...insisting);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^warning: this training takes about [^\n]+\nerror: there is not enough memory [^\n]+\n$/);
  });

  it('a prompt for samples with another character, before anything is saved', async () => {
    const flags = out();
    expectSentence(
      await tsgpt('train', textFile(), ...tiny, ...flags, '--prompt', 'Zebra'),
      'the character "Z" (U+005A)',
    );
    expect(existsSync(flags[1]!)).toBe(false);
  });

  it('into a folder that holds a run', async () => {
    const folder = await trainedFolder();
    const before = readFileSync(join(folder, 'last.json'), 'utf8');
    const outcome = await tsgpt('train', textFile(), ...tiny, '--out', folder);
    expectSentence(outcome, `${folder} already holds a training run; continue it with --resume`);
    expect(readFileSync(join(folder, 'last.json'), 'utf8')).toBe(before);
  });

  it('into a place that cannot be a folder', async () => {
    const folder = join(textFile(), 'run');
    expectSentence(await tsgpt('train', textFile(), ...tiny, '--out', folder), `cannot create the folder ${folder}`);
    const file = textFile();
    const outcome = await tsgpt('train', textFile(), ...tiny, '--out', file);
    expectSentence(outcome, `${file} is a file, not a folder; choose another place`);
    expect(outcome.stdout).toBe('');
  });

  it.skipIf(!existsSync('/proc/self'))('into a place where the system makes no folders', async () => {
    const outcome = await tsgpt('train', textFile(), ...tiny, '--out', '/proc/x');
    expectSentence(outcome, 'cannot create the folder /proc/x');
  });

  it.each([
    [['--preset', 'char-tiny'], '--preset does not go with it'],
    [['--family', 'llama'], '--family does not go with it'],
    [['--tokenizer', 'char'], '--tokenizer does not go with it'],
    [['--emb-dim', '32'], '--emb-dim does not go with it'],
    [['--no-tied-head'], '--no-tied-head does not go with it'],
    [['--drop-rate', '0.2', '--n-layers', '3'], '--n-layers does not go with it'],
    [['--drop-rate', '0.2'], 'there is no model /no/such/run'],
    [['--steps', '5'], 'there is no model /no/such/run'],
  ])('--from with %j', async (flags, about) => {
    expectSentence(await tsgpt('train', textFile(), ...out(), '--from', '/no/such/run', ...flags), about);
  });

  it('--from with a preset for a model, or with --resume', async () => {
    const outcome = await tsgpt('train', textFile(), ...out(), '--from', 'char-tiny');
    expectSentence(outcome, 'char-tiny is a preset; use --preset char-tiny');
    expectSentence(await tsgpt('train', '--resume', ...out(), '--from', 'x'), '--from does not go with it');
  });

  it('--resume', async () => {
    expectSentence(await tsgpt('train', '--resume', ...out()), 'it does not exist');
    expectSentence(await tsgpt('train', '--resume', '--out', temporaryFolder()), 'neither last.json nor best.json');

    const folder = await trainedFolder();
    const resume = (...args: string[]) => tsgpt('train', ...args, '--resume', '--out', folder);
    expectSentence(
      await resume('--emb-dim', '32'),
      'belongs to a run with --emb-dim 16, so it cannot continue with --emb-dim 32',
    );
    expectSentence(await resume('--family', 'llama'), 'belongs to a run with family gpt2');
    expectSentence(await resume('--qk-norm'), 'a model of the family gpt2 has no --qk-norm');
    expectSentence(await resume('--no-tied-head'), 'belongs to a run without --no-tied-head; leave the flag out');
    expectSentence(
      await resume('--tokenizer', 'gpt2'),
      'a run with another tokenizer than gpt2; leave --tokenizer out',
    );
    expectSentence(await resume('--seed', '5'), 'so it cannot continue with seed 5');
    const other = textFile('the mat sat on the cat.\n'.repeat(30));
    expectSentence(await resume(other, '--steps', '9'), 'is not the one this run was trained on');
    expectSentence(
      await resume('--validation-fraction', '0.2', '--steps', '9'),
      'keeps 72 of the 720 tokens of its text for validation, which --validation-fraction 0.2 would change; leave it out',
    );
    const finished = await resume();
    expectSentence(finished, `the run in ${folder} has finished its 6 steps; add more, for instance with --steps 12`);
    expect(finished.stdout).toBe('');
    expectSentence(await resume('--steps', '1'), 'has already made 6 steps; add more');
    expectSentence(await resume(textFile('ZEBRA'), '--steps', '9'), 'the character "Z" (U+005A)');
    writeFileSync(join(folder, 'last.json'), readFileSync(join(folder, 'best.json')));
    expectSentence(await resume(), 'not the state of its training');
  });
});

describe('generate and info', () => {
  it.each(['generate', 'info'])('%s from something that is no checkpoint', async (command) => {
    const missing = await tsgpt(command, '/no/such/run');
    expectSentence(missing, "there is no model /no/such/run; give a training run's folder");
    expect(missing.stderr).toContain('a model of the hub such as openai-community/gpt2');
    expectSentence(await tsgpt(command, 'gpt2-smal'), 'there is no model gpt2-smal');
    const weights = join(temporaryFolder(), 'model.safetensors');
    await writeSafetensors(weights, []);
    expectSentence(await tsgpt(command, weights), 'model.safetensors contains only weights; give its folder');
    expectSentence(await tsgpt(command, textFile()), "text.txt is not a model; give a training run's folder");
    const models = temporaryFolder();
    mkdirSync(join(models, 'a'));
    writeFileSync(join(models, 'a', 'config.json'), '{}');
    expectSentence(await tsgpt(command, models), `a folder of models; give one of them, such as ${join(models, 'a')}`);
    const config = join(models, 'a', 'config.json');
    expectSentence(await tsgpt(command, config), `give the folder ${join(models, 'a')}`);
    expectSentence(await tsgpt(command, temporaryFolder()), 'neither last.json nor best.json');
    const json = join(temporaryFolder(), 'some.json');
    expectSentence(await tsgpt(command, json), 'cannot read the checkpoint');
    writeFileSync(json, '{"name": "something else"}');
    expectSentence(await tsgpt(command, json), 'is not a checkpoint of tsgpt');
  });

  it('from a damaged checkpoint', async () => {
    const folder = await trainedFolder();
    const numbers = join(folder, JSON.parse(readFileSync(join(folder, 'best.json'), 'utf8')).model);
    truncateSync(numbers, 3000);
    expectSentence(await tsgpt('generate', folder), 'is truncated');
    await writeSafetensors(numbers, [{ name: 'wte.weight', shape: [1], data: Float32Array.of(1) }]);
    expectSentence(await tsgpt('generate', folder), 'holds a tensor wte.weight, which the model does not have');
    writeFileSync(join(folder, 'best.json'), readFileSync(join(folder, 'best.json')).subarray(0, 100));
    expectSentence(await tsgpt('generate', folder), 'it is not complete JSON');
    expect(readdirSync(folder)).toContain('last.json');
  });

  it('with impossible values', async () => {
    const folder = await trainedFolder();
    for (const [flags, about] of [
      [['--temperature', '-1'], '--temperature must be'],
      [['--temperature', 'inf'], '--temperature must be'],
      [['--top-k', '0'], '--top-k must be a whole number of at least 1, but is 0'],
      [['--top-p', '1.5'], '--top-p must be greater than 0 and at most 1'],
      [['--max-tokens', '-1'], '--max-tokens must be a whole number of at least 0, but is -1'],
      [['--samples', '0'], '--samples must be at least 1, but is 0'],
      [['--prompt', 'caté'], 'the character "é" (U+00E9) at position 3'],
    ] as const) {
      const outcome = await tsgpt('generate', folder, '--prompt', 'cat', ...flags);
      expectSentence(outcome, about);
      expect(outcome.stdout).toBe('');
    }
  });
});

describe('--verbose', () => {
  it('shows where in the program it happened', async () => {
    for (const args of [
      ['info', '/no/such/run', '--verbose'],
      ['--verbose', 'info', '/no/such/run'],
    ]) {
      const { code, stderr } = await tsgpt(...args);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^error: there is no model/);
      expect(stderr).toMatch(/\n {4}at .*open-model\.ts/);
    }
  });
});
