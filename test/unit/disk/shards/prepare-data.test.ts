import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../../src/core/errors.ts';
import { checkShards, openShards, prepareData } from '../../../../src/disk/index.ts';
import type { TokenSource } from '../../../../src/text/index.ts';
import { CharTokenizer, GPT2Tokenizer, HuggingFaceTokenizer, type Tokenizer } from '../../../../src/tokenizer/index.ts';
import { prepareAt, smallPace } from '../../../support/prepare.ts';
import { charactersFile } from '../../../support/published-forms.ts';
import { smallDisk } from '../../../support/small-disk.ts';
import { anyText } from '../../../support/texts.ts';
import { errorOf, temporaryFolder } from '../../../support/tiny.ts';

const gpt2 = new GPT2Tokenizer();
const tokenizers = { gpt2, 'llama 2': new HuggingFaceTokenizer(charactersFile()) } as const;

/** Documents of all lengths. */
const someDocuments = fc.array(
  fc.oneof(
    anyText,
    fc.array(anyText, { minLength: 20, maxLength: 60 }).map((parts) => parts.join(' word ')),
  ),
  { minLength: 1, maxLength: 12 },
);

function jsonLines(texts: readonly string[], name = 'a.jsonl'): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
  return path;
}

/** The token ids of every document of a split. */
async function documentsOf(source: TokenSource): Promise<number[][]> {
  const starts = [...(await source.documentStarts(0, source.documentCount)), source.length];
  const read = starts.slice(1).map((end, i) => source.read(starts[i]!, end - starts[i]!));
  return (await Promise.all(read)).map((ids) => Array.from(ids));
}

/** The checksums of all files in a folder. */
const filesIn = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder).map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
  );

const withEnd = (tokenizer: Tokenizer, text: string) => [
  ...tokenizer.encode(text),
  ...(tokenizer.endOfTextId === undefined ? [] : [tokenizer.endOfTextId]),
];

const numbered = (count: number) =>
  Array.from({ length: count }, (_, i) => `This is document number ${i}. ${'It goes on. '.repeat(i % 40)}`);

describe('prepared data', () => {
  it.each(Object.entries(tokenizers))(
    'has every document with its tokens, at any number of threads: %s',
    async (_, tokenizer) => {
      const property = fc.asyncProperty(
        someDocuments,
        fc.constantFrom(1, 1, 1, 2),
        fc.integer({ min: 1, max: 400 }),
        fc.constantFrom(0, 0.3, 0.9),
        async (texts, threads, shardSize, validationFraction) => {
          const wellFormed = texts.map((text) => Buffer.from(text).toString());
          const whole = wellFormed.filter((text) => text !== '').map((text) => withEnd(tokenizer, text));
          if (whole.flat().length === 0) return;
          const folder = join(temporaryFolder(), 'shards');
          const sources = [jsonLines(wellFormed.slice(0, 3)), jsonLines(wellFormed.slice(3), 'b.jsonl')].filter(
            (path) => statSync(path).size > 0,
          );
          const options = { tokenizer, folder, threads, shardSize, validationFraction };
          const { manifest, emptyDocuments } = await prepareAt(smallPace, sources, options);
          expect(emptyDocuments).toBe(texts.length - whole.length);
          expect(manifest.textBytes).toBe(Buffer.byteLength(wellFormed.join('')));
          await checkShards(folder);
          const shards = await openShards(folder);
          const [train, validation] = [await documentsOf(shards.train), await documentsOf(shards.validation)];
          await shards.close();
          if (manifest.validation.by === 'end') {
            expect([...train, ...validation].flat()).toEqual(whole.flat());
            const learned = Math.floor(whole.flat().length * (1 - validationFraction));
            expect([0, whole.flat().length, learned]).toContain(train.flat().length);
          } else {
            // Each is on one side, in order.
            const isTrain = new Set(train.map(String));
            expect(whole.filter((ids) => isTrain.has(String(ids)))).toEqual(train);
            expect(whole.filter((ids) => !isTrain.has(String(ids)))).toEqual(validation);
          }
        },
      );
      await fc.assert(property, { numRuns: 8 });
    },
  );

  it('is bit for bit the same at 1, 2 and 4 threads, also of one long text', async () => {
    const text = join(temporaryFolder(), 'a.txt');
    writeFileSync(text, numbered(400).join('\n\n'));
    const sources = [text, jsonLines(numbered(100))];
    const results: unknown[] = [];
    for (const threads of [1, 2, 4]) {
      const folder = temporaryFolder();
      await prepareAt(smallPace, sources, { tokenizer: gpt2, folder, threads, shardSize: 5000 });
      results.push(filesIn(folder));
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it('puts a document on the same side wherever it stands', async () => {
    const texts = numbered(300);
    const sides: Set<string>[] = [];
    for (const order of [texts, texts.toReversed()]) {
      const folder = temporaryFolder();
      await prepareData([jsonLines(order)], { tokenizer: gpt2, folder, threads: 1 });
      const shards = await openShards(folder);
      sides.push(new Set((await documentsOf(shards.validation)).map(String)));
      await shards.close();
    }
    expect(sides[1]).toEqual(sides[0]);
    expect(sides[0]!.size).toBeGreaterThan(15);
    expect(sides[0]!.size).toBeLessThan(50);
  });

  it('keeps the end of a single text for validation', async () => {
    const path = join(temporaryFolder(), 'a.txt');
    writeFileSync(path, 'abcdefgh'.repeat(100));
    for (const shardSize of [50, 1000]) {
      const folder = temporaryFolder();
      const tokenizer = new CharTokenizer('abcdefgh');
      const { manifest } = await prepareData([path], { tokenizer, folder, shardSize, validationFraction: 0.25 });
      expect(manifest.validation).toEqual({ fraction: 0.25, by: 'end' });
      expect([manifest.splits.train.tokens, manifest.splits.validation.tokens]).toEqual([600, 200]);
      await checkShards(folder);
    }
  });
});

describe('a preparation that was stopped', () => {
  it('goes on where it stopped, and ends bit for bit as if it had not been', async () => {
    const text = join(temporaryFolder(), 'long.txt');
    writeFileSync(text, numbered(60).join(' '));
    const sources = [jsonLines(numbered(60)), text, jsonLines(numbered(20), 'b.jsonl')];
    for (const tokenizer of Object.values(tokenizers)) {
      const settings = { tokenizer, shardSize: 700, validationFraction: 0.2 };
      const whole = temporaryFolder();
      await prepareAt(smallPace, sources, { ...settings, folder: whole, threads: 1 });
      const folder = join(temporaryFolder(), 'shards');
      let stops = 0;
      for (let isDone = false; !isDone; ) {
        const controller = new AbortController();
        let left = 3;
        let bytesBefore: number | undefined;
        const onProgress = (progress: { bytesRead: number; bytesBefore: number }) => {
          bytesBefore ??= progress.bytesBefore;
          if (--left === 0) controller.abort(new Error('stopped'));
        };
        const options = { ...settings, folder, threads: stops === 3 ? 2 : 1, signal: controller.signal, onProgress };
        isDone = await prepareAt(smallPace, sources, options).then(
          () => true,
          (error) => {
            expect(error.message).toBe('stopped');
            stops++;
            return false;
          },
        );
        if (!isDone) await expect(openShards(folder)).rejects.toThrow('are not finished');
        expect(bytesBefore! > 0).toBe(stops > 1 || isDone);
      }
      expect(stops).toBeGreaterThan(5);
      expect(filesIn(folder)).toEqual(filesIn(whole));
    }
  });

  it('takes no other settings, sources or folder', async () => {
    const [one, two] = [jsonLines(numbered(50)), jsonLines(numbered(9), 'b.jsonl')];
    const folder = temporaryFolder();
    const options = { tokenizer: gpt2, folder, threads: 1 };
    const stop = new AbortController();
    const stopped = { ...options, signal: stop.signal, onProgress: () => stop.abort() };
    await expect(prepareAt(smallPace, [one, two], stopped)).rejects.toThrow();
    const again = (sources: string[], changes: object) =>
      expect(prepareData(sources, { ...options, ...changes })).rejects;
    await again([one, two], { shardSize: 5 }).toThrow('was begun with the option shardSize 67108864 instead of 5');
    await again([one, two], { field: 'b' }).toThrow('was begun with the option field text instead of b');
    await again([one, two], { tokenizer: new CharTokenizer('abc') }).toThrow('was begun with another tokenizer');
    await again([two, one], {}).toThrow(`was begun with ${one} as source 1, but now ${two} is`);
    await again([one], {}).toThrow(`was begun with ${two} as source 2, but now there is none`);
    await again([one, two, jsonLines(['x'], 'c.jsonl')], {}).toThrow('was begun without');
    utimesSync(two, 1, 1);
    await again([one, two], {}).toThrow(`${two} has been changed since the preparation in ${folder} began`);
    expect(existsSync(join(folder, 'progress.json'))).toBe(true);
  });

  it('is written by one process at a time', async () => {
    const sources = [jsonLines(numbered(400))];
    const settings = { tokenizer: gpt2, shardSize: 4000, threads: 1 };
    const [whole, folder] = [temporaryFolder(), join(temporaryFolder(), 'shards')];
    await prepareAt(smallPace, sources, { ...settings, folder: whole });
    let second: Promise<Error> | undefined;
    const onProgress = () => {
      second ??= errorOf(prepareAt(smallPace, sources, { ...settings, folder, onFiles: () => expect.unreachable() }));
    };
    await prepareAt(smallPace, sources, { ...settings, folder, onProgress });
    const error = await second!;
    expect(error).toBeInstanceOf(TsgptError);
    expect(error.message).toBe(
      `${folder} is used by process ${process.pid} on ${hostname()}, this machine, which prepares data in it; wait for it or stop it, or choose another folder`,
    );
    expect(filesIn(folder)).toEqual(filesIn(whole));
  });

  it('does not write into a folder that holds other things', async () => {
    const folder = temporaryFolder();
    const prepare = () => prepareData([jsonLines(numbered(3))], { tokenizer: gpt2, folder, threads: 1 });
    writeFileSync(join(folder, 'letter.txt'), 'dear');
    await expect(prepare()).rejects.toThrow(`cannot write into ${folder}: it already holds letter.txt`);
    rmSync(join(folder, 'letter.txt'));
    await prepare();
    await expect(prepare()).rejects.toThrow(`${folder} already holds finished shards`);
    writeFileSync(join(folder, 'a-file'), '');
    const inFile = prepareData([jsonLines(['x'])], { tokenizer: gpt2, folder: join(folder, 'a-file') });
    await expect(inFile).rejects.toThrow('there is a file of that name');
  });
});

describe('data that cannot be prepared', () => {
  const prepare = (source: string, tokenizer: Tokenizer = gpt2, changes: object = {}) => {
    const folder = join(temporaryFolder(), 'shards');
    return { folder, done: prepareAt(smallPace, [source], { tokenizer, folder, threads: 2, ...changes }) };
  };

  it('leaves nothing behind if no document could be read', async () => {
    for (const [texts, message] of [
      [['', ''], 'has no document with text in it'],
      [['é'], 'document 1 of'],
    ] as const) {
      const { folder, done } = prepare(jsonLines(texts), new CharTokenizer('abc'));
      await expect(done).rejects.toThrow(message);
      expect(existsSync(folder)).toBe(false);
    }
  });

  it('names the document that cannot be tokenized, and keeps what is done', async () => {
    const texts = [...Array<string>(50).fill('abc'.repeat(20)), 'abé'];
    const { folder, done } = prepare(jsonLines(texts), new CharTokenizer('abc'));
    await expect(done).rejects.toThrow(/^document 51 of .*a\.jsonl cannot be tokenized: .*é/);
    await expect(openShards(folder)).rejects.toThrow('are not finished');
  });

  it('refuses tokens beyond the vocabulary', async () => {
    const tokenizer = new CharTokenizer('abc');
    const broken = Object.assign(Object.create(tokenizer) as Tokenizer, {
      ...{ vocabSize: 3, kind: 'char', encode: () => [3], toJSON: () => tokenizer.toJSON() },
      tokenBytes: (id: number) => tokenizer.tokenBytes(id),
      streamDecoder: () => ({ push: () => '', end: () => '' }),
      decode: () => '',
    });
    const { done } = prepare(jsonLines(['a']), broken, { threads: 1 });
    await expect(done).rejects.toThrow('has the token 3, beyond the vocabulary of 3');
  });

  it('notices a source that changes while it is read', async () => {
    const path = jsonLines(numbered(200));
    let changed = false;
    const onProgress = () => {
      if (!changed) writeFileSync(path, '{"text": "x"}\n', { flag: 'a' });
      changed = true;
    };
    const { done } = prepare(path, gpt2, { onProgress });
    await expect(done).rejects.toThrow(`${path} has been changed since its preparation began`);
  });

  it.each([
    [{ shardSize: 0 }, 'shardSize must be a whole number from 1'],
    [{ threads: 0 }, 'threads must be a whole number from 1'],
    [{ validationFraction: 1 }, 'the validation fraction must be from 0 to less than 1'],
    [{ format: 'xml' }, 'the option format must be one of'],
    [{ field: 5 }, 'the field must be a text'],
  ])('refuses %j', async (changes, message) => {
    const error = await prepare(jsonLines(['a']), gpt2, changes).done.catch((thrown) => thrown);
    expect(error).toBeInstanceOf(TsgptError);
    expect(error.message).toContain(message);
  });
});

/** Mounting a file system needs Linux and root. */
const disk = smallDisk('200k');

describe.skipIf(disk === undefined)('on a full disk', () => {
  it('says so, keeps what is done, and goes on when there is room', async () => {
    try {
      const source = jsonLines(numbered(300));
      const settings = { tokenizer: gpt2, shardSize: 4000, threads: 2 };
      const whole = temporaryFolder();
      await prepareAt(smallPace, [source], { ...settings, folder: whole });

      const folder = join(disk!, 'shards');
      const filler = join(disk!, 'filler');
      writeFileSync(filler, Buffer.alloc(150_000));
      const error = await prepareAt(smallPace, [source], { ...settings, folder }).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(TsgptError);
      expect(error.message).toContain('the disk is full');
      await expect(openShards(folder)).rejects.toThrow('are not finished');
      rmSync(filler);
      await prepareAt(smallPace, [source], { ...settings, folder });
      expect(filesIn(folder)).toEqual(filesIn(whole));
    } finally {
      execFileSync('umount', [disk!]);
      rmSync(disk!, { recursive: true });
    }
  });
});
