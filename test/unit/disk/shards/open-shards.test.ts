import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkShards, openShards } from '../../../../src/disk/index.ts';
import { CharTokenizer, GPT2Tokenizer, trainTokenizer } from '../../../../src/tokenizer/index.ts';
import { writeShards } from '../../../support/shards.ts';
import { temporaryFolder } from '../../../support/tiny.ts';

const tokenizer = new CharTokenizer('abcdefgh');
const document = fc.array(fc.nat(7), { minLength: 1, maxLength: 20 });

async function small(): Promise<string> {
  const folder = temporaryFolder();
  await writeShards(
    folder,
    tokenizer,
    {
      train: [
        [0, 1, 2, 3],
        [4, 5],
        [6, 7, 0],
      ],
      validation: [[1, 2]],
    },
    4,
  );
  return folder;
}

describe('shards', () => {
  it('give back every range of tokens and documents, whatever the sizes of documents and shards', async () => {
    const property = fc.asyncProperty(
      fc.array(document, { maxLength: 12 }),
      fc.array(document, { maxLength: 3 }),
      fc.integer({ min: 1, max: 30 }),
      fc.array(fc.tuple(fc.nat(200), fc.nat(200)), { minLength: 1, maxLength: 10 }),
      async (train, validation, shardSize, ranges) => {
        const folder = temporaryFolder();
        await writeShards(folder, tokenizer, { train, validation }, shardSize);
        await checkShards(folder);
        const shards = await openShards(folder);
        for (const [source, documents] of [
          [shards.train, train],
          [shards.validation, validation],
        ] as const) {
          const ids = documents.flat();
          const starts = documents.map((_, i) => documents.slice(0, i).flat().length);
          expect([source.length, source.documentCount]).toEqual([ids.length, starts.length]);
          const read = ranges.map(async ([from, length]) => {
            const start = Math.min(from, ids.length);
            const count = Math.min(length, ids.length - start);
            expect(Array.from(await source.read(start, count))).toEqual(ids.slice(start, start + count));
            const first = Math.min(from, starts.length);
            const many = Math.min(length, starts.length - first);
            expect(Array.from(await source.documentStarts(first, many))).toEqual(starts.slice(first, first + many));
          });
          await Promise.all(read);
        }
        await shards.close();
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });

  it('hold ids of 32 bits for a large vocabulary, and are little-endian', async () => {
    const folder = temporaryFolder();
    const characters = Array.from({ length: 70_000 }, (_, i) => String.fromCodePoint(0x10000 + i)).join('');
    await writeShards(folder, new CharTokenizer(characters), { train: [[69_999, 1]], validation: [] }, 100);
    const shards = await openShards(folder);
    expect(shards.manifest.dtype).toBe('uint32');
    expect(await shards.train.read(0, 2)).toEqual(Uint32Array.of(69_999, 1));
    expect([...(await readFile(join(folder, 'train-00000.bin')))]).toEqual([0x6f, 0x11, 1, 0, 1, 0, 0, 0]);
    await shards.close();
  });

  it('are read through many files at once', async () => {
    const folder = temporaryFolder();
    const train = Array.from({ length: 200 }, (_, i) => [i % 8]);
    await writeShards(folder, tokenizer, { train, validation: [] }, 1);
    const shards = await openShards(folder);
    const reads = Array.from({ length: 200 }, (_, i) => shards.train.read(i, 200 - i));
    for (const [i, ids] of (await Promise.all(reads)).entries()) expect(Array.from(ids)).toEqual(train.flat().slice(i));
    await shards.close();
  });

  it('bring their tokenizer', async () => {
    const trained = await trainTokenizer(['the cat sat on the mat'], { vocabSize: 260 });
    for (const made of [tokenizer, new GPT2Tokenizer(), trained]) {
      const folder = temporaryFolder();
      await writeShards(folder, made, { train: [[1, 2]], validation: [] }, 4);
      const shards = await openShards(folder);
      expect(shards.tokenizer.toJSON()).toEqual(made.toJSON());
      shards.ensureTokenizer(made);
      const other = made === tokenizer ? new CharTokenizer('abcdefgi') : tokenizer;
      expect(() => shards.ensureTokenizer(other)).toThrow(/made with another tokenizer .* than that of the model/);
      await shards.close();
    }
  });
});

describe('damaged shards', () => {
  it.each(['train-00001.bin', 'train-00001.idx', 'validation-00000.bin'])('%s missing', async (name) => {
    const folder = await small();
    await rm(join(folder, name));
    await expect(openShards(folder)).rejects.toThrow(
      `the shard ${join(folder, name)} is missing; copy the folder again`,
    );
  });

  it('one that is too short or too long', async () => {
    const folder = await small();
    const path = join(folder, 'train-00001.bin');
    await truncate(path, 7);
    await expect(openShards(folder)).rejects.toThrow(`the shard ${path} has 7 bytes instead of 8; copy the folder`);
    await appendFile(path, '12');
    await expect(openShards(folder)).rejects.toThrow('has 9 bytes instead of 8');
  });

  it('one with a changed byte, which the check finds', async () => {
    for (const name of ['train-00000.bin', 'train-00000.idx', 'validation-00000.bin']) {
      const folder = await small();
      await checkShards(folder);
      const bytes = await readFile(join(folder, name));
      bytes[0]! ^= 1;
      await writeFile(join(folder, name), bytes);
      await expect(checkShards(folder)).rejects.toThrow(`the shard ${join(folder, name)} is damaged: its checksum`);
    }
  });

  it('one with a token beyond the vocabulary, or with documents out of order, when it is read', async () => {
    const folder = await small();
    await writeFile(join(folder, 'train-00000.bin'), Uint8Array.of(1, 0, 8, 0, 1, 0, 1, 0));
    await writeFile(join(folder, 'train-00001.idx'), Uint8Array.of(2, 0, 0, 0, 2, 0, 0, 0));
    const shards = await openShards(folder);
    await expect(shards.train.read(0, 4)).rejects.toThrow('token 1 is 8, but the vocabulary ends at 7');
    await expect(shards.train.documentStarts(0, 3)).rejects.toThrow('documents begin out of order');
    await shards.close();
  });

  it('one that becomes shorter while it is open', async () => {
    const folder = await small();
    const shards = await openShards(folder);
    await truncate(join(folder, 'train-00000.bin'), 2);
    await expect(shards.train.read(0, 4)).rejects.toThrow('ends too early');
    await rm(join(folder, 'train-00001.bin'));
    await expect(shards.train.read(4, 2)).rejects.toThrow('is missing');
    await shards.close();
  });
});

describe('a folder that holds no shards', () => {
  it('is told from one that is not finished', async () => {
    const folder = temporaryFolder();
    await expect(openShards(folder)).rejects.toThrow(`there are no token shards in ${folder}; name a folder`);
    await expect(openShards(join(folder, 'nowhere'))).rejects.toThrow('there are no token shards in');
    await writeFile(join(folder, 'progress.json'), '{}');
    await expect(openShards(folder)).rejects.toThrow(`the shards in ${folder} are not finished`);
  });

  it.each<[string, string | object, string]>([
    ['half a manifest', '{"format": "tsg', 'is not complete JSON; prepare the data again'],
    ['another manifest', { name: 'an app' }, 'does not describe token shards'],
    ['a newer one', { version: 2 }, 'have version 2 of the format, but this program reads version 1'],
    ['one without a type', { dtype: undefined }, 'is damaged (dtype is missing)'],
    ['a wrong type', { dtype: 'uint32' }, 'is damaged (8 tokens are not stored as uint32)'],
    ['a path outside', { splits: { train: { tokens: 0, documents: 0, shards: [{ name: '../x' }] } } }, 'is damaged'],
    [
      'wrong sums',
      {
        splits: { train: { tokens: 1, documents: 0, shards: [] }, validation: { tokens: 0, documents: 0, shards: [] } },
      },
      'do not add up',
    ],
  ])('%s', async (_, change, message) => {
    const folder = await small();
    const path = join(folder, 'manifest.json');
    const manifest = JSON.parse(await readFile(path, 'utf8'));
    const isOther = typeof change === 'object' && 'name' in change;
    await writeFile(
      path,
      typeof change === 'string' ? change : JSON.stringify(isOther ? change : { ...manifest, ...change }),
    );
    await expect(openShards(folder)).rejects.toThrow(message);
  });

  it('the tokenizer of others', async () => {
    const folder = temporaryFolder();
    const trained = await trainTokenizer(['the cat sat on the mat'], { vocabSize: 260 });
    await writeShards(folder, trained, { train: [[1, 2]], validation: [] }, 4);
    const other = await trainTokenizer(['some other words for it'], { vocabSize: 260 });
    const json = other.toJSON();
    await writeFile(join(folder, 'tokenizer.json'), json.kind === 'hugging-face' ? json.tokenizerJson : '');
    await expect(openShards(folder)).rejects.toThrow('is not the one that made the shards');
    await rm(join(folder, 'tokenizer.json'));
    await expect(openShards(folder)).rejects.toThrow('is missing; copy the folder again');
  });
});
