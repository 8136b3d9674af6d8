import { existsSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint, textTrainingRecord } from '../../src/disk/run/index.ts';
import { Random } from '../../src/random/index.ts';
import { CharTokenizer, type Tokenizer, trainTokenizer } from '../../src/tokenizer/index.ts';
import { expectSentence, lossesIn, temporaryFolder, textFile, tiny, tsgpt } from '../support/run-cli.ts';
import { writeShards } from '../support/shards.ts';

const tokenizer = await trainTokenizer(['a text'], { vocabSize: 257 });

/** Shards of documents of random tokens; the folder is removed after the test. */
async function shards(seed: number, made: Tokenizer = tokenizer): Promise<string> {
  const folder = join(temporaryFolder(), 'shards');
  const random = new Random(seed);
  const { endOfTextId, vocabSize } = made;
  const document = () => {
    const ids = Array.from({ length: 1 + random.integer(20) }, () => random.integer(vocabSize - 1));
    return endOfTextId === undefined ? ids : [...ids, endOfTextId];
  };
  const documents = (count: number) => Array.from({ length: count }, document);
  await writeShards(folder, made, { train: documents(60), validation: documents(10) }, 97);
  return folder;
}

/** The settings of a tiny run but for its steps, at a rate that does not depend on them. */
const settings = [
  ...tiny.filter((flag, i) => flag !== '--steps' && tiny[i - 1] !== '--steps'),
  ...['--learning-rate', '0.01', '--min-learning-rate', '0.01'],
];

const trained = (folder: string) =>
  lossesIn(folder)
    .filter(({ step }) => step > 0)
    .map(({ step, loss }) => [step, loss]);

describe('train on token shards', () => {
  it.each([
    ['random windows', []],
    ['passes', ['--epochs', '2']],
    ['packed documents', ['--pack', '--epochs', '2']],
    ['documents kept apart', ['--pack', '--separate-documents', '--epochs', '2', '--read-ahead', '3']],
    ['random windows of documents kept apart', ['--separate-documents', '--drop-rate', '0.1']],
  ])('in %s goes on as if it had never stopped', async (_, flags) => {
    const text = await shards(1);
    const [whole, parts] = [join(temporaryFolder(), 'whole'), join(temporaryFolder(), 'parts')];
    const begin = flags.includes('--epochs') ? flags : [...flags, '--steps', '40'];
    const { code, stdout, stderr } = await tsgpt('train', text, '--out', whole, ...settings, ...begin);
    expect([code, stderr]).toEqual([0, '']);
    if (flags.includes('--pack')) {
      expect(stdout).toMatch(/60 documents are packed into\s\d+\swindows:\s[\d.]+%/);
    }
    const last = trained(whole).at(-1)![0]!;
    expect(last).toBeGreaterThan(10);

    const half = begin.filter(
      (flag, i) => !['--epochs', '--steps'].includes(flag) && !['--epochs', '--steps'].includes(begin[i - 1]!),
    );
    const order = flags.includes('--epochs') && !flags.includes('--pack') ? ['--epochs', '1'] : ['--steps', '7'];
    expect((await tsgpt('train', text, '--out', parts, ...settings, ...half, ...order)).code).toBe(0);
    const resumed = await tsgpt('train', '--resume', '--out', parts, '--steps', String(last));
    expect([resumed.code, resumed.stderr]).toEqual([0, '']);
    expect(trained(parts)).toEqual(trained(whole));
  });

  it('mixes several texts by their weights, and resumes the mixture', async () => {
    const [a, b] = [await shards(1), await shards(2)];
    const [whole, parts] = [join(temporaryFolder(), 'whole'), join(temporaryFolder(), 'parts')];
    const mixture = [a, b, '--weights', '3,1', '--pack', ...settings];
    expect(await tsgpt('train', ...mixture, '--steps', '12', '--out', whole)).toMatchObject({ code: 0, stderr: '' });
    expect((await tsgpt('train', ...mixture, '--steps', '5', '--out', parts)).code).toBe(0);
    expect((await tsgpt('train', '--resume', '--steps', '12', '--out', parts)).code).toBe(0);
    expect(trained(parts)).toEqual(trained(whole));
    const { text } = textTrainingRecord(await loadCheckpoint(parts, 'last'));
    expect(text.mixture).toEqual([
      { path: a, weight: 3, trainTokens: expect.any(Number) },
      { path: b, weight: 1, trainTokens: expect.any(Number) },
    ]);
    const again = ['--resume', '--steps', '20', '--out', parts];
    expectSentence(await tsgpt('train', ...again, '--weights', '1,1'), 'has the weights 3,1');
    expectSentence(await tsgpt('train', a, ...again), 'learns from 2 texts');
  });

  it('mixes shards and texts of files', async () => {
    const characters = CharTokenizer.fromText('the cat sat on the mat.\n');
    const out = join(temporaryFolder(), 'run');
    const outcome = await tsgpt('train', await shards(3, characters), textFile(), '--out', out, ...tiny);
    expect([outcome.code, outcome.stderr]).toEqual([0, '']);
  });

  it('says in a sentence what is wrong', async () => {
    const text = await shards(1);
    const out = join(temporaryFolder(), 'run');
    const train = (...args: string[]) => tsgpt('train', ...args, '--out', out, ...tiny);
    expectSentence(await train(text, '--encoding', 'utf-8'), 'has token shards; leave it out');
    expectSentence(await train(text, '--validation-fraction', '0.2'), '--validation-fraction');
    expectSentence(await train(text, '--tokenizer', 'gpt2'), 'were made with another tokenizer');
    expectSentence(await train(text, '--weights', '1,2'), 'needs a number for each of the 1 texts');
    expectSentence(await train(text, text, '--weights', '1,0'), 'weights of a mixture must be above 0');
    expectSentence(await train(text, '--epochs', '2'), '--epochs and --steps both say');
    expectSentence(await train(textFile(), '--separate-documents'), 'without an end-of-text token');
    const other = await shards(5, CharTokenizer.fromText('xyz'));
    expectSentence(await train(text, other), 'were made with another tokenizer');
    const shard = join(text, 'train-00001.bin');
    truncateSync(shard, 10);
    expectSentence(await train(text), 'has 10 bytes instead of');
    rmSync(shard);
    expectSentence(await train(text), 'is missing');
    rmSync(join(text, 'tokenizer.json'));
    expectSentence(await tsgpt('data', 'info', text), 'is missing; copy the folder again');
    expect(existsSync(out)).toBe(false);
  });
});
