import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openModel } from '../../src/disk/open-model.ts';
import { savePretrained } from '../../src/disk/pretrained.ts';
import { loadCheckpoint } from '../../src/disk/run/index.ts';
import { registerFamily } from '../../src/models/index.ts';
import { readHuggingFaceTokenizer } from '../../src/tokenizer/index.ts';
import { bytesFile } from '../support/published-forms.ts';
import { lossesIn as losses, temporaryFolder, textFile, tiny, trainedFolder, tsgpt } from '../support/run-cli.ts';
import { scaledFamily } from '../support/scaled-family.ts';
import { hasShared, shared } from '../support/shared.ts';
import { start } from '../support/start-cli.ts';
import { tinyGPT2 } from '../support/tiny-models.ts';

describe('train, generate and info', () => {
  it('work one after the other', async () => {
    const folder = join(temporaryFolder(), 'runs', 'cat');
    const trained = await tsgpt('train', textFile(), '--out', folder, ...tiny);
    expect([trained.code, trained.stderr]).toEqual([0, '']);
    expect(trained.stdout).toContain('gpt2 of');
    expect(trained.stdout).toContain('648 tokens to learn from and 72 to measure with, of 12 different ones');
    expect(trained.stdout).toContain(
      '6 steps of 4 windows of 8 tokens, the whole context; learning rate 0.003, falling to 0.0003.',
    );
    expect(trained.stdout).toMatch(/step 6\/6 {2}loss \d\.\d{4} {2}validation \d\.\d{4}/);
    expect(trained.stdout).toContain(`Saved in ${folder}`);
    expect(readdirSync(folder)).toEqual(
      expect.arrayContaining(['best.json', 'last.json', 'loss.svg', 'metrics.jsonl']),
    );

    const generate = (...args: string[]) =>
      tsgpt('generate', folder, '--prompt', 'the ', '--max-tokens', '20', ...args);
    const written = await generate('--seed', '1');
    expect([written.code, written.stderr]).toEqual([0, '']);
    expect(written.stdout).toMatch(/^the [the cason m.\n]{20}\n$/);
    expect(await generate('--seed', '1')).toEqual(written);
    expect((await generate('--seed', '2')).stdout).not.toBe(written.stdout);
    const both = (await generate('--seed', '1', '--samples', '2')).stdout;
    expect(both).toBe(`${written.stdout}\n---\n${(await generate('--seed', '2')).stdout}`);
    const stop = written.stdout.slice(10, 12);
    expect((await generate('--seed', '1', '--stop', stop)).stdout).toBe(
      `the ${written.stdout.slice(4).split(stop)[0]}\n`,
    );
    expect((await tsgpt('info', folder)).code).toBe(0);
  });

  it('take what the flags say', async () => {
    const folder = await trainedFolder(
      ...['--qkv-bias', '--no-tied-head', '--drop-rate', '0.3', '--seed', '5', '--max-grad-norm', 'inf'],
      ...['--beta1', '0.8', '--weight-decay', '0.2', '--validation-fraction', '0.3', '--gradient-accumulation', '2'],
    );
    const { file } = await loadCheckpoint(folder, 'last');
    expect(file.config).toMatchObject({ embDim: 16, nLayers: 1, qkvBias: true, tiedHead: false, dropRate: 0.3 });
    expect(file.training!.options).toMatchObject({
      seed: 5,
      maxGradNorm: Number.POSITIVE_INFINITY,
      betas: [0.8, 0.99],
      weightDecay: 0.2,
      gradientAccumulation: 2,
      steps: 6,
    });
    expect(file.training!.text).toMatchObject({ trainTokens: 503, validationTokens: 217 });
  });

  it('and --resume goes on exactly, with the flags of before', async () => {
    const flags = [
      '--validation-fraction',
      '0.3',
      '--max-grad-norm',
      'inf',
      '--drop-rate',
      '0.2',
      '--warmup-steps',
      '2',
    ];
    const text = textFile();
    const whole = join(temporaryFolder(), 'run');
    const parts = join(temporaryFolder(), 'run');
    await tsgpt(
      'train',
      text,
      '--out',
      whole,
      ...tiny,
      ...flags,
      '--learning-rate',
      '1e-2',
      '--min-learning-rate',
      '1e-2',
    );
    await tsgpt(
      ...['train', text, '--out', parts, ...tiny, ...flags, '--learning-rate', '1e-2', '--min-learning-rate', '1e-2'],
      ...['--steps', '3'],
    );
    const resumed = await tsgpt('train', '--resume', '--out', parts, '--steps', '6', '--sample-tokens', '0');
    expect([resumed.code, resumed.stderr]).toEqual([0, '']);
    expect(resumed.stdout).toContain('Continuing after step 3');
    expect(losses(parts)).toEqual(losses(whole));
    // A text that has moved may be named from anywhere; it is found again from anywhere else.
    await tsgpt('train', relative('.', text), '--resume', '--out', parts, '--steps', '7', '--sample-tokens', '0');
    expect(JSON.parse(readFileSync(join(parts, 'last.json'), 'utf8')).training.text.path).toBe(resolve(text));
  });
});

describe('--family', () => {
  it('trains, resumes and writes with another family, shaped by its own flags and the common ones', async () => {
    const folder = await trainedFolder('--family', 'llama', '--n-kv-heads', '1', '--qk-norm', '--rope-theta', '500');
    const { file, model } = await loadCheckpoint(folder, 'last');
    expect(file.architecture).toBe('llama');
    expect(model.config).toMatchObject({
      embDim: 16,
      nHeads: 2,
      nKvHeads: 1,
      headDim: 8,
      qkNorm: true,
      ropeTheta: 500,
    });
    expect(model.config).toMatchObject({ contextLength: 8, nLayers: 1, dropRate: 0, tiedHead: true });
    const resumed = await tsgpt('train', '--resume', '--out', folder, '--steps', '8', '--qk-norm');
    expect([resumed.code, resumed.stderr]).toEqual([0, '']);
    expect(losses(folder).at(-1)!.step).toBe(8);
    const { code, stdout } = await tsgpt('generate', folder, '--prompt', 'the ', '--max-tokens', '20');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^the [the cason m.\n]{20}\n$/);
  });

  it('takes a family that was registered, with its flags', async () => {
    registerFamily(scaledFamily);
    const { stdout } = await tsgpt('train', '--help');
    expect(stdout).toMatch(
      /Model, only with --family scaled:\n {2}--width <n> +how many numbers stand for a token \(default:\s+16\)\n {2}--embed-scale <x> +how much/,
    );
    expect(stdout).toMatch(/Model, only with --family gpt2 or llama:\n {2}--emb-dim <n>/);
    const folder = join(temporaryFolder(), 'run');
    const flags = ['--family', 'scaled', '--embed-scale', '1.5', '--context-length', '4', '--steps', '2'];
    const { code, stderr } = await tsgpt('train', textFile(), '--out', folder, ...flags);
    expect([code, stderr]).toEqual([0, '']);
    const { file } = await loadCheckpoint(folder, 'last');
    expect([file.architecture, file.config]).toEqual([
      'scaled',
      { vocabSize: 12, contextLength: 4, width: 16, embedScale: 1.5, dropRate: 0 },
    ]);
  });
});

describe('--from', () => {
  const quick = [
    '--steps',
    '3',
    '--batch-size',
    '2',
    '--window-length',
    '8',
    '--eval-windows',
    '1',
    '--sample-tokens',
    '5',
  ];

  it('goes on from the weights of another run, on another text', async () => {
    const before = await trainedFolder('--steps', '60', '--learning-rate', '1e-2');
    const text = textFile('the mat sat on the cat.\n'.repeat(30));
    const folder = join(temporaryFolder(), 'run');
    const { code, stdout, stderr } = await tsgpt('train', text, '--out', folder, '--from', before, ...quick);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Training a gpt2 of');
    const first = losses(folder)[0]!.validationLoss!;
    expect(first).toBeLessThan(1.5); // and ln 12 = 2.48 from nothing
    const { file, tokenizer } = await loadCheckpoint(folder, 'last');
    expect(file.config).toEqual((await loadCheckpoint(before)).file.config);
    expect(tokenizer.toJSON()).toEqual((await loadCheckpoint(before)).tokenizer.toJSON());
    expect(file.training!.options).toMatchObject({ learningRate: 1e-4, windowLength: 8, steps: 3 });
    const resumed = await tsgpt('train', '--resume', '--out', folder, '--steps', '5');
    expect([resumed.code, resumed.stderr]).toEqual([0, '']);
  });

  it('keeps the chat template and the tokens that end a text, and can change the dropout', async () => {
    const published = join(temporaryFolder(), 'published');
    const tokenizer = readHuggingFaceTokenizer({ 'tokenizer.json': JSON.stringify(bytesFile()) })!;
    const chatTemplate = '{% for message in messages %}<{{ message.role }}>{{ message.content }}{% endfor %}';
    const model = tinyGPT2({ vocabSize: tokenizer.vocabSize });
    await savePretrained(published, { model, tokenizer, chatTemplate, stopTokens: [5, 17] });
    const folder = join(temporaryFolder(), 'run');
    const text = textFile('the mat sat on the cat.\n'.repeat(60));
    const train = ['train', text, '--out', folder, '--from', published, '--drop-rate', '0.25'];
    expect(await tsgpt(...train, ...quick)).toMatchObject({ code: 0, stderr: '' });
    const kept = { chatTemplate, stopTokens: [0, 5, 17], config: { ...model.config, dropRate: 0.25 } };
    expect(await openModel(folder)).toMatchObject(kept);
    // And so do a run that is resumed, and the forms that a run is converted to.
    expect(await tsgpt('train', '--resume', '--out', folder, '--steps', '5')).toMatchObject({ code: 0, stderr: '' });
    expect(await openModel(folder, { checkpoint: 'last' })).toMatchObject(kept);
    const converted = join(temporaryFolder(), 'converted');
    expect((await tsgpt('convert', folder, converted)).code).toBe(0);
    expect((await openModel(converted)).chatTemplate).toBe(chatTemplate);
    expect((await openModel(converted)).stopTokens).toEqual(expect.arrayContaining([5, 17]));
    // The weights are those of the published model, whatever the dropout.
    const other = join(temporaryFolder(), 'run');
    await tsgpt('train', text, '--out', other, '--from', published, ...quick);
    expect(losses(other)[0]!.validationLoss).toBe(losses(folder)[0]!.validationLoss);
  });

  it.skipIf(!hasShared)('goes on from a published model, with its tokenizer', async () => {
    const folder = join(temporaryFolder(), 'run');
    const text = textFile(readFileSync(shared('data', 'tinystories-2MiB.txt'), 'utf8').slice(0, 6000));
    const model = shared('models', 'tinystories-656k-llama');
    const { code, stderr } = await tsgpt(
      'train',
      text,
      '--out',
      folder,
      '--from',
      model,
      ...quick,
      '--window-length',
      '64',
    );
    expect([code, stderr]).toEqual([0, '']);
    const { file, tokenizer } = await loadCheckpoint(folder, 'last');
    expect([file.architecture, tokenizer.kind]).toEqual(['llama', 'hugging-face']);
    expect(losses(folder)[0]!.validationLoss).toBeLessThan(5); // and ln 2048 = 7.6 from nothing
    const { stdout } = await tsgpt(
      'generate',
      folder,
      '--prompt',
      'Once upon a time',
      '--max-tokens',
      '5',
      '--temperature',
      '0',
    );
    expect(stdout).toMatch(/^Once upon a time, .*little girl named/);
  });
});

describe('demo', () => {
  it('trains on the bundled novel, writes, and says what to try next, every time in a folder of its own', async () => {
    const cwd = temporaryFolder();
    for (const folder of ['runs/demo', 'runs/demo-2']) {
      const { code, stdout, stderr } = await start(['demo', '--steps', '1'], { cwd }).ended;
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain('A paragraph it wrote:\n\nElizabeth ');
      expect(stdout).toContain(`npx tsgpt generate ${folder} --prompt`);
      expect((await loadCheckpoint(join(cwd, folder), 'last')).file.step).toBe(1);
    }
  });
});

describe('output that does not go to a terminal', () => {
  it('is plain lines, even where colours are thought to be wanted', async () => {
    const out = join(temporaryFolder(), 'run');
    const { ended } = start(['train', textFile(), '--out', out, ...tiny, '--prompt', 'the'], { env: { CI: 'true' } });
    const { code, stdout, stderr } = await ended;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('│ the');
    expect(stdout).toMatch(/^step 6\/6 /m);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for these characters
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
  });
});
