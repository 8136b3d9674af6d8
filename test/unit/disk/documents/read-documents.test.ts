import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../../src/core/errors.ts';
import { documentsIn } from '../../../support/documents.ts';
import { anyText } from '../../../support/texts.ts';
import { temporaryFolder } from '../../../support/tiny.ts';

function file(name: string, contents: string | Uint8Array): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, contents);
  return path;
}

const quotedField = (text: string) => `"${text.replaceAll('"', '""')}"`;
const forms: Record<string, (texts: readonly string[]) => Uint8Array | string> = {
  'a.jsonl': (texts) => texts.map((text) => `${JSON.stringify({ id: 1, text })}\n`).join(''),
  'a.ndjson': (texts) => texts.map((text) => `{"meta": {"text": 5}, "text": ${JSON.stringify(text)}}\r\n`).join('\n'),
  'a.csv': (texts) => ['id,text', ...texts.map((text) => `1,${quotedField(text)}`)].join('\n'),
  'a.tsv': (texts) => ['text\tid', ...texts.map((text) => `${quotedField(text)}\t1`)].join('\r\n'),
  'a.parquet': (texts) => parquetOf(texts, {}),
  'plain.parquet': (texts) => parquetOf(texts, { codec: 'UNCOMPRESSED', pageSize: 50 }),
  'groups.parquet': (texts) => parquetOf(texts, { rowGroupSize: 3 }),
};

function parquetOf(texts: readonly (string | null)[], options: object): Uint8Array {
  const ids = Int32Array.from(texts, (_, i) => i);
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'id', data: ids, type: 'INT32' },
        { name: 'text', data: [...texts], type: 'STRING', nullable: true },
      ],
      ...options,
    }),
  );
}

const hasZstd = spawnSync('zstd', ['--version']).status === 0;
const zstd = (bytes: string | Uint8Array, ...flags: string[]) =>
  execFileSync('zstd', ['-q', '-c', ...flags], { input: Buffer.from(bytes as never), maxBuffer: 2 ** 30 });

describe('documents', () => {
  it.each(Object.keys(forms))('of %s are read back, packed or not, from any of them on', async (name) => {
    const property = fc.asyncProperty(
      fc.array(anyText, { minLength: 1, maxLength: 8 }),
      fc.nat(8),
      async (texts, skip) => {
        const isTable = !/json/.test(name);
        const wellFormed = texts.map((text) => Buffer.from(text).toString());
        const contents = forms[name]!(wellFormed);
        expect(await documentsIn([file(name, contents)])).toEqual(wellFormed);
        expect(await documentsIn([file(name, contents)], { skip })).toEqual(wellFormed.slice(skip));
        if (isTable && name.endsWith('parquet')) return;
        expect(await documentsIn([file(`${name}.gz`, gzipSync(contents))])).toEqual(wellFormed);
      },
    );
    await fc.assert(property, { numRuns: 8 });
  });

  it.runIf(hasZstd)('packed by zstd, in several frames, or with a window of 128 MiB', async () => {
    const lines = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => `${JSON.stringify({ text: `document ${from + i}` })}\n`).join('');
    const frames = [zstd(lines(0, 500)), zstd(''), zstd(lines(500, 900), '--ultra', '-20', '--long=27')];
    const skippable = Buffer.from('502a4d180400000061626364', 'hex');
    const documents = await documentsIn([file('a.jsonl.zst', Buffer.concat([skippable, ...frames]))]);
    expect(documents).toEqual(Array.from({ length: 900 }, (_, i) => `document ${i}`));
    const gz = Buffer.concat([gzipSync(lines(0, 3)), gzipSync(lines(3, 5))]);
    expect(await documentsIn([file('b.jsonl.gz', gz)])).toEqual(documents.slice(0, 5));
  });

  const story = Array.from({ length: 3000 }, (_, i) => `${JSON.stringify({ text: `document ${i * 7919}` })}\n`).join(
    '',
  );
  const packed: [form: string, name: string, pack: () => Uint8Array][] = [
    ['gzip', 'a.jsonl.gz', () => gzipSync(story)],
  ];
  if (hasZstd) {
    packed.push(['zstd with a checksum', 'a.jsonl.zst', () => zstd(story, '--check')]);
    packed.push(['zstd without one', 'b.jsonl.zst', () => zstd(story, '--no-check')]);
  }
  it.each(packed)('in damaged files are never taken for whole ones: %s', async (form, name, pack) => {
    const whole = Buffer.from(pack());
    const expected = story
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).text);
    expect(await documentsIn([file(name, whole)])).toEqual(expected);
    const result = (bytes: Uint8Array) => documentsIn([file(name, bytes)]).catch((thrown) => thrown);
    // Bits of a header that mean nothing: gzip's time and system, zstd's unused bit.
    const isIdle = (place: number) => (form === 'gzip' ? place >= 4 && place < 10 : place === 4);
    const damage = fc.record({ at: fc.nat(), by: fc.integer({ min: 1, max: 255 }), isCut: fc.boolean() });
    const property = fc.asyncProperty(damage, async ({ at, by, isCut }) => {
      const place = at % whole.length;
      if (isCut ? place === 0 : isIdle(place)) return;
      const bytes = Buffer.from(isCut ? whole.subarray(0, place) : whole);
      if (!isCut) bytes[place]! ^= by;
      const found = await result(bytes);
      // Without a checksum, some other letters may go unnoticed.
      if (isCut || form !== 'zstd without one' || found instanceof Error) expect(found).toBeInstanceOf(TsgptError);
    });
    await fc.assert(property, { numRuns: 60 });
    if (form === 'zstd without one') return;
    for (const place of [whole.length - 1, whole.length - 4]) {
      const bytes = Buffer.from(whole);
      bytes[place]! ^= 1;
      const message = `is not complete ${form.slice(0, 4)} data`;
      expect((await result(bytes)).message).toContain(message);
      expect((await result(Buffer.concat([bytes, whole]))).message).toContain(message); // each of several is checked
      expect((await result(Buffer.concat([whole, bytes]))).message).toContain(message);
    }
    for (const rest of ['garbage after it', '\x1f\x8c']) {
      expect(await result(Buffer.concat([whole, Buffer.from(rest)]))).toBeInstanceOf(TsgptError);
    }
  });

  it('in a file of plain text are one, whatever its name and size', async () => {
    const text = 'zwölf Boxkämpfer\r\n'.repeat(100_000);
    expect(await documentsIn([file('a.md', text)])).toEqual([text]);
    expect(await documentsIn([file('a', gzipSync(text))])).toEqual([text]);
    expect(await documentsIn([file('a.txt.gz', gzipSync(text))])).toEqual([text]);
    const latin1 = file('b.txt', Buffer.from('Öl', 'latin1'));
    expect(await documentsIn([latin1], { encoding: 'windows-1252' })).toEqual(['Öl']);
    expect(await documentsIn([file('c.txt.gz', gzipSync(Buffer.from('\ufeffÖl', 'utf16le')))])).toEqual(['Öl']);
  });

  it('of a folder come in the order of the names, in all forms', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'b'));
    writeFileSync(join(folder, 'a.txt'), 'one');
    writeFileSync(join(folder, 'b', 'x.jsonl.gz'), gzipSync('{"text":"two"}\n{"text":"three"}'));
    writeFileSync(join(folder, 'c.parquet'), parquetOf(['four'], {}));
    writeFileSync(join(folder, 'photo.jpg'), Uint8Array.of(0, 1, 2));
    expect(await documentsIn([folder])).toEqual(['one', 'two', 'three', 'four']);
    expect(await documentsIn([folder], { include: ['*.txt'] })).toEqual(['one']);
    expect(await documentsIn([folder], { exclude: ['b'] })).toEqual(['one', 'four']);
  });

  it('may be in a field of an object, and null is no text', async () => {
    const path = file('a.jsonl', '{"a": {"b": "deep"}}\n\n{"a": {"b": null}}\n{"a.b": "named so", "a": {"b": 1}}\n');
    expect(await documentsIn([path], { field: 'a.b' })).toEqual(['deep', '', 'named so']);
    expect(await documentsIn([file('a.parquet', parquetOf(['x', null, 'y'], {}))])).toEqual(['x', '', 'y']);
    expect(await documentsIn([file('a.json', '[1]')])).toEqual(['[1]']);
    expect(await documentsIn([file('a.json', '{"text": "t"}')], { format: 'jsonl' })).toEqual(['t']);
  });

  it('of one line of many megabytes are the same as those of a short one', async () => {
    const long = 'a "quoted" \\ back\nslash, é and 😀. '.repeat(500_000);
    const record = (text: string) =>
      JSON.stringify({ list: [{ text: 'no' }, 5], deep: { text: 'no' }, text, after: 1.5 });
    const path = file('a.jsonl', `${record('first')}\n${record(long)}\n${record('last')}`);
    expect(await documentsIn([path])).toEqual(['first', long, 'last']);
    expect(await documentsIn([path], { skip: 2 })).toEqual(['last']);
    const nested = file('b.jsonl', JSON.stringify({ pad: 'x'.repeat(9e6), a: [0, { b: 'found' }] }));
    expect(await documentsIn([nested], { field: 'a.1.b' })).toEqual(['found']);
    const missing = file('c.jsonl', JSON.stringify({ pad: 'x'.repeat(9e6) }));
    await expect(documentsIn([missing])).rejects.toThrow('line 1 of');
    const number = file('d.jsonl', JSON.stringify({ pad: 'x'.repeat(9e6), text: 5 }));
    await expect(documentsIn([number])).rejects.toThrow('must be text, but is a number');
    await expect(documentsIn([file('e.jsonl', `{"text": "${'x'.repeat(9e6)}`)])).rejects.toThrow('is not JSON');
  });
});

describe('documents that cannot be read', () => {
  const parquet = () => parquetOf(['some text', 'and more of it'], {});
  it.each<[string, string | Uint8Array, string]>([
    ['a.txt', '', 'is empty; put text into it, or name another file'],
    ['a.jsonl', '{"text": "a"}\n{"text": \n', 'line 2 of'],
    ['a.jsonl', '{"text": "a"}\n\n{"body": "b"}', 'line 3 of'],
    [
      'a.jsonl',
      '{"body": "b", "title": "c"}',
      'has no field text (it has "body", "title"); name the one that holds the text',
    ],
    ['a.jsonl', '[1]', 'line 1 of'],
    ['a.jsonl', '{"text": ["a"]}', 'must be text, but is a list; name another with the option field'],
    ['a.jsonl', Uint8Array.of(0x7b, 0xff, 0x7d), 'is not UTF-8 text (between the bytes 0 and 3)'],
    ['a.csv', 'id,body\n1,b', 'has no field text (it has "id", "body")'],
    ['a.csv', 'id,text\n1,b\n1,2,3', 'line 3 of'],
    ['a.csv', 'id,text\n1,"b\n', 'a quotation mark is never closed'],
    ['a.parquet', 'not at all', 'is not a complete Parquet file; get the file again'],
    ['a.parquet', parquet().subarray(0, 100), 'is not a complete Parquet file'],
    ['a.parquet', parquetOf(['a'], {}).fill(0xff, 4, 60), 'is a damaged Parquet file'],
    ['a.txt.gz', gzipSync('some text').subarray(0, 20), 'is not complete gzip data'],
    ['a.txt.zst', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x24, 5, 5, 5, 5, 5, 5), 'is not complete zstd data'],
    ['a.txt.zst', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0xa8, 1), 'is packed with a window of 2048 MiB'],
    ['a.txt.zst', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 64), 'is packed with a window of 1024 MiB'],
  ])('%s: %s', async (name, contents, message) => {
    const error = await documentsIn([file(name, contents)]).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(TsgptError);
    expect(error.message).toContain(message);
    expect(error.message).not.toMatch(/\n|--/);
  });

  it.each([
    [{ field: 'nothing' }, 'the table', 'has no field nothing (it has "id", "text")'],
    [{ field: 'id' }, 'row 1 of', 'must be text, but is a number'],
  ])('a column of a Parquet file: %j', async (options, where, message) => {
    const error = documentsIn([file('a.parquet', parquet())], options);
    await expect(error).rejects.toThrow(where);
    await expect(documentsIn([file('a.parquet', parquet())], options)).rejects.toThrow(message);
  });

  it('that are not there, or that nothing can be chosen from', async () => {
    await expect(documentsIn(['nowhere.txt'])).rejects.toThrow('there is no file or folder nowhere.txt');
    await expect(documentsIn([])).rejects.toThrow('there is nothing to prepare');
    await expect(documentsIn([temporaryFolder()])).rejects.toThrow('has no file with documents in it');
    await expect(documentsIn([file('a.txt', 'a')], { include: ['*'] })).rejects.toThrow(
      'the option include has nothing',
    );
    await expect(documentsIn([file('a.txt', 'a')], { encoding: 'x' })).rejects.toThrow('the option encoding must be');
  });

  it('never break the program, however damaged they are', async () => {
    const contents = Object.entries(forms).map(
      ([name, form]) => [name, Buffer.from(form(['some text', 'ö', 'x'.repeat(300)]) as never)] as const,
    );
    const property = fc.asyncProperty(
      fc.constantFrom(...contents),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async ([name, bytes], changes, kept) => {
        const damaged = Buffer.from(bytes);
        for (const [place, value] of changes) damaged[place % damaged.length] = value;
        const path = file(name, damaged.subarray(0, 1 + Math.floor(kept * damaged.length)));
        const error = await documentsIn([path]).catch((thrown) => thrown);
        if (error instanceof Error) expect(error, error.stack).toBeInstanceOf(TsgptError);
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });
});
