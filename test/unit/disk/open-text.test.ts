import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { type OpenedText, type OpenTextOptions, openText } from '../../../src/disk/open-text.ts';
import { countLeftOut } from '../../../src/disk/text-files.ts';
import type { TextDocument } from '../../../src/text/text-source.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tsgpt-text-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a file below the test's folder and returns its path. */
function write(name: string, content: string | Uint8Array): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

async function chunksOf(document: TextDocument, signal?: AbortSignal): Promise<string[]> {
  const texts: string[] = [];
  let bytes = 0;
  for await (const chunk of document.chunks(signal)) {
    texts.push(chunk.text);
    bytes += chunk.bytes;
  }
  expect(bytes).toBe(document.bytes);
  return texts;
}

const namesOf = ({ path: place, documents }: OpenedText) =>
  documents.map((document) => path.relative(place, document.path).replaceAll(path.sep, '/'));

const leftOutOf = ({ path: place, leftOut }: OpenedText) =>
  leftOut.map((one) => `${path.relative(place, one.path).replaceAll(path.sep, '/')}: ${one.reason}`);

const textOf = async (file: string, options?: OpenTextOptions) =>
  (await chunksOf((await openText(file, options)).documents[0]!)).join('');

/** Expects one clear sentence that names what it is about. */
async function expectMistake(promise: Promise<unknown>, ...parts: string[]): Promise<void> {
  const error = await promise.then(
    () => expect.fail('nothing was thrown'),
    (reason: Error) => reason,
  );
  expect(error).toBeInstanceOf(TsgptError);
  for (const part of parts) expect(error.message).toContain(part);
}

describe('openText on a file', () => {
  it('reads the text as it is', async () => {
    const file = write('a/plain.md', 'Grüße, 日本\r\n\u{1f600}\n');
    const source = await openText(file);
    expect(source.path).toBe(file);
    expect(source.documents.map((document) => document.path)).toEqual([file]);
    expect(source.bytes).toBe(22);
    expect(await textOf(file)).toBe('Grüße, 日本\r\n\u{1f600}\n');
  });

  it('reads the same text every time', async () => {
    const { documents } = await openText(write('a/twice.txt', 'text'));
    expect(await chunksOf(documents[0]!)).toEqual(await chunksOf(documents[0]!));
  });

  it.each([1, 2, 3])('puts a character together whose first %d bytes end a chunk', async (split) => {
    const text = `${'a'.repeat(2 ** 20 - split)}\u{1f600}${'b'.repeat(2 ** 20)}ß`;
    const { documents } = await openText(write('a/long.txt', text));
    const chunks = await chunksOf(documents[0]!);
    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.join('') === text).toBe(true);
    for (const chunk of chunks) expect(chunk).not.toMatch(/^[\udc00-\udfff]|[\ud800-\udbff]$/);
  });

  it('drops a byte order mark at the beginning, but no other', async () => {
    expect(await textOf(write('a/bom.txt', '\ufeffa\ufeffb'))).toBe('a\ufeffb');
  });

  it('says what is wrong with it', async () => {
    const missing = path.join(folder, 'nowhere.txt');
    await expectMistake(openText(missing), missing, 'there is no file');
    await expectMistake(openText(path.join(write('a/file.txt', 'x'), 'inside')), 'cannot be read: a file stands where');
    await expectMistake(openText(path.join(folder, 'é'.repeat(300))), 'cannot be read: its name is too long');
    const empty = write('a/empty.txt', '');
    await expectMistake(openText(empty), empty, 'is empty');
  });

  it('says where it is not UTF-8', async () => {
    // "café" in Latin-1: the last byte begins a character that never ends.
    const latin1 = write('a/latin1.txt', Uint8Array.of(0x63, 0x61, 0x66, 0xe9));
    await expectMistake(textOf(latin1), latin1, 'is not UTF-8', 'near byte 4');
    const bytes = new Uint8Array(2 ** 21).fill(97);
    bytes[1_500_000] = 0xff;
    await expectMistake(textOf(write('a/binary.txt', bytes)), 'is not UTF-8', 'near byte 1500000');
    await expectMistake(textOf(latin1), 'give its encoding, such as windows-1252, with the option encoding');
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')('says when it may not be read', async () => {
    const file = write('a/secret.txt', 'x');
    chmodSync(file, 0);
    await expectMistake(openText(file), file, 'cannot be read: permission denied');
  });

  it('stops when told to', async () => {
    const { documents } = await openText(write('a/stop.txt', 'a'.repeat(3 * 2 ** 20)));
    const controller = new AbortController();
    let chunks = 0;
    const reading = (async () => {
      for await (const _ of documents[0]!.chunks(controller.signal)) {
        chunks++;
        controller.abort(new Error('enough'));
      }
    })();
    await expect(reading).rejects.toThrow('enough');
    expect(chunks).toBe(1);
  });
});

describe('the encoding of a text', () => {
  it('is told by a byte order mark, whatever is asked for', async () => {
    const text = 'Grüße, 日本 \u{1f600}';
    const marked = Buffer.from(`\ufeff${text}`, 'utf16le');
    for (const options of [{}, { encoding: 'windows-1252' }, { encoding: 'utf-8' }]) {
      expect(await textOf(write('k/le.txt', marked), options)).toBe(text);
      expect(await textOf(write('k/be.txt', Buffer.from(marked).swap16()), options)).toBe(text);
      expect(await textOf(write('k/utf8.txt', `\ufeff${text}`), options)).toBe(text);
    }
    const utf32 = Uint8Array.of(0xff, 0xfe, 0, 0, 0x61, 0, 0, 0);
    await expectMistake(textOf(write('k/utf32.txt', utf32)), 'is UTF-32 text, which is not supported');
  });

  // The bytes of "日本" and so on are those of Python's codecs.
  it.each([
    ['windows-1252', '80 92 93 e9', '€’“é'],
    ['latin1', '80 92 93 e9', '€’“é'], // the same, by the standard, as in browsers
    ['shift_jis', '93 fa 96 7b 61', '日本a'],
    ['gb18030', 'c8 d5 b1 be 84 31 a4 37 81 30 81 30', '日本\ufffd\u0080'],
    ['big5', 'a4 e9 a5 bb', '日本'],
    ['euc-kr', 'b0 a1 b3 aa', '가나'],
    ['euc-jp', 'c6 fc 8f b0 a1', '日丂'],
    ['iso-2022-jp', '1b 24 42 46 7c 1b 28 42 61', '日a'],
    ['koi8-r', 'c1 c2', 'аб'],
    ['macintosh', '8e 8f', 'éè'],
    ['utf-16be', '00 61 d8 3d de 00', 'a\u{1f600}'],
    ['utf-16', '61 00', 'a'],
  ])('%s is read, also across the borders of chunks', async (encoding, bytes, text) => {
    const unit = Buffer.from(bytes.replaceAll(' ', ''), 'hex');
    expect(await textOf(write('k/short.txt', unit), { encoding })).toBe(text);
    const repeats = Math.ceil((2 ** 20 + 100) / unit.length);
    for (const before of [0, 1, 2, 3]) {
      const start = encoding.startsWith('utf-16') ? '' : 'x'.repeat(before);
      const content = Buffer.concat([Buffer.from(start), Buffer.alloc(repeats * unit.length, unit)]);
      const { documents } = await openText(write('k/long.txt', content), { encoding });
      const chunks = await chunksOf(documents[0]!);
      expect(chunks.join('') === start + text.repeat(repeats)).toBe(true);
      for (const chunk of chunks) expect(chunk).not.toMatch(/\p{Surrogate}/u);
    }
  });

  it.each([
    ['shift_jis', 'is not shift_jis text (near byte 1100001)', [0x93, 0xff]],
    ['euc-kr', 'is not euc-kr text (near byte 1100000)', [0xff]],
    ['utf-16le', 'is not UTF-16le text (near byte 110000', [0x00, 0xd8, 0x61, 0x00]],
    ['utf-8', 'is not UTF-8 text (near byte 1100001)', [0xe9]],
  ])('%s: invalid bytes are told with their place', async (encoding, message, bytes) => {
    const content = new Uint8Array(1_200_000).fill(0x61);
    content.set(bytes, 1_100_000);
    const file = write('k/invalid.txt', content);
    await expectMistake(textOf(file, { encoding }), file, message, 'with the option encoding');
  });

  it('ends with whole characters', async () => {
    for (const [encoding, bytes] of [
      ['utf-16le', [0x61, 0, 0x62]],
      ['shift_jis', [0x61, 0x93]],
    ] as const) {
      await expectMistake(textOf(write('k/half.txt', Uint8Array.from(bytes)), { encoding }), 'near byte');
    }
  });

  it('must be known', async () => {
    const file = write('k/plain.txt', 'a');
    await expectMistake(openText(file, { encoding: 'klingon' }), 'the option encoding must be', 'but is klingon');
    await expectMistake(openText(file, { encoding: '' }), 'the option encoding must be');
  });

  it.each([
    ['book.pdf', '%PDF-1.7', 'is a PDF document; save its text'],
    ['book.docx', 'PK\x03\x04...', 'is a ZIP archive, as office documents and e-books are; save its text'],
    ['book.bz2', 'BZh91AY&SY', 'is compressed; unpack it first with "bunzip2 --keep"'],
    ['blank.txt', ' \r\n\t\u3000', 'has nothing but white space in it'],
  ])('a file that is no text is refused: %s', async (name, content, message) => {
    await expectMistake(openText(write(`k/${name}`, content)), name, message);
  });

  it('UTF-16 without a mark is recognised', async () => {
    const bytes = Buffer.from('plain words, and ünïcödé', 'utf16le');
    await expectMistake(openText(write('k/le', bytes)), 'looks like UTF-16', 'give its encoding, utf-16le');
    await expectMistake(openText(write('k/be', bytes.swap16())), 'looks like UTF-16', 'give its encoding, utf-16be');
  });

  it('other data are not called text in another encoding', async () => {
    const picture = Buffer.from('89504e470d0a1a0a0000000d49484452000000', 'hex');
    await expectMistake(textOf(write('k/picture', picture)), 'is not text but other data (near byte 0)');
  });
});

describe('openText on a folder', () => {
  it('reads every text file at any depth, in order', async () => {
    write('b/two.txt', '2');
    write('b/one.TXT', '1');
    write('b/inner/deep/three.txt', '333');
    write('b/inner/notes.md', 'notes');
    write('b/none.txt', '');
    const source = await openText(path.join(folder, 'b'));
    expect(source.documents.map((document) => path.relative(source.path, document.path))).toEqual([
      path.join('inner', 'deep', 'three.txt'),
      path.join('inner', 'notes.md'),
      'one.TXT',
      'two.txt',
    ]);
    expect(source.bytes).toBe(10);
    expect(leftOutOf(source)).toEqual(['none.txt: empty']);
  });

  it.skipIf(process.platform === 'win32')('follows links to files only', async () => {
    const target = write('elsewhere/target.txt', 'linked');
    write('c/own.txt', 'own');
    symlinkSync(target, path.join(folder, 'c', 'link.txt'));
    symlinkSync(path.join(folder, 'c'), path.join(folder, 'c', 'loop'));
    symlinkSync(path.join(folder, 'c'), path.join(folder, 'c', 'loop.txt'));
    const { documents } = await openText(path.join(folder, 'c'));
    expect(documents.map((document) => path.basename(document.path))).toEqual(['link.txt', 'own.txt']);
    expect(await chunksOf(documents[0]!)).toEqual(['linked']);
    symlinkSync(path.join(folder, 'c', 'nowhere'), path.join(folder, 'c', 'broken.txt'));
    expect(leftOutOf(await openText(path.join(folder, 'c')))).toEqual([
      'broken.txt: brokenLink',
      'loop: folderLink',
      'loop.txt: folderLink',
    ]);
  });

  it('leaves out what is hidden, installed, a training run, empty or no text', async () => {
    write('f/text.txt', 'text');
    write('f/src/code.ts', 'code');
    write('f/._text.txt', Uint8Array.of(0, 5, 22, 7, 0)); // AppleDouble
    write('f/.git/config', 'hidden');
    write('f/src/.hidden.txt', 'hidden');
    write('f/__MACOSX/._text.txt', 'hidden');
    write('f/node_modules/package/readme.md', 'installed');
    write('f/runs/novel/metrics.jsonl', '{}');
    write('f/runs/novel/last.json', '{}');
    write('f/empty.md', '');
    write('f/picture.png', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'));
    write('f/later.dat', `${'a'.repeat(5000)}\0`);
    write('f/book.pdf', '%PDF-1.7 and so on');
    write('f/data.gz', Uint8Array.of(0x1f, 0x8b, 8, 1, 2, 3));
    const source = await openText(path.join(folder, 'f'));
    expect(namesOf(source)).toEqual(['src/code.ts', 'text.txt']);
    expect(leftOutOf(source)).toEqual([
      '._text.txt: hidden',
      '.git: hidden',
      '__MACOSX: hidden',
      'book.pdf: binary',
      'data.gz: binary',
      'empty.md: empty',
      'later.dat: binary',
      'node_modules: package',
      'picture.png: binary',
      'runs/novel: run',
      'src/.hidden.txt: hidden',
    ]);
    expect(countLeftOut(source.leftOut)).toBe('4 hidden, 4 binary, 1 empty, 1 installed package, 1 training run');
  });

  it('reads only what is asked for', async () => {
    for (const name of ['a.ts', 'a.md', 'src/b.ts', 'src/deep/c.ts', 'docs/d.md', '.github/e.md'])
      write(`g/${name}`, name);
    const choose = async (include?: string[], exclude?: string[]) =>
      namesOf(await openText(path.join(folder, 'g'), { include, exclude }));
    expect(await choose(['*.ts'])).toEqual(['a.ts', 'src/b.ts', 'src/deep/c.ts']);
    expect(await choose(['*.{ts,md}'], ['src/deep'])).toEqual(['a.md', 'a.ts', 'docs/d.md', 'src/b.ts']);
    expect(await choose(['src/*.ts', '*.md'])).toEqual(['a.md', 'docs/d.md', 'src/b.ts']);
    expect(await choose(undefined, ['*.ts', 'docs/**'])).toEqual(['a.md']);
    expect(await choose(undefined, ['src/', '*.md'])).toEqual(['a.ts']);
    expect(await choose(['.github/**'])).toEqual(['.github/e.md']);
    const nothing = openText(path.join(folder, 'g'), { include: ['*.rs'] });
    await expectMistake(nothing, 'has no file with text in it (left out: 1 hidden, 5 not asked for)');
    for (const pattern of ['', 'a'.repeat(5000)])
      await expectMistake(choose([pattern]), 'a pattern of the option include is');
    const file = openText(path.join(folder, 'g', 'a.ts'), { include: ['*.ts'] });
    await expectMistake(file, 'is a file, so the option include has nothing to choose from');
  });

  it('sorts as texts were always sorted, whatever the system', async () => {
    const names = ['B.txt', 'a-b.txt', 'a.txt', 'a/b.txt', 'ab.txt', 'e\u0301a.txt', '\u00e9b.txt'];
    for (const name of names.toReversed()) write(`l/${name}`, 'text');
    expect(namesOf(await openText(path.join(folder, 'l')))).toEqual(names);
  });

  it('takes a text in another encoding for text, and not for something else', async () => {
    write('h/utf16.txt', Buffer.from('\ufefftext', 'utf16le'));
    write('h/latin1.txt', Buffer.from('Grüße', 'latin1'));
    const source = await openText(path.join(folder, 'h'));
    expect(namesOf(source)).toEqual(['latin1.txt', 'utf16.txt']);
    await expectMistake(chunksOf(source.documents[0]!), 'is not UTF-8', 'near byte 2');
    write('i/unmarked.txt', Buffer.from('text', 'utf16le'));
    expect(namesOf(await openText(path.join(folder, 'i'), { encoding: 'utf-16le' }))).toEqual(['unmarked.txt']);
  });

  it.skipIf(process.platform === 'win32')('leaves out pipes', async () => {
    write('j/text.txt', 'text');
    execFileSync('mkfifo', [path.join(folder, 'j', 'pipe.txt')]);
    expect(leftOutOf(await openText(path.join(folder, 'j')))).toEqual(['pipe.txt: special']);
  });

  it('says when there is no text in it', async () => {
    write('d/.notes.md', 'x');
    write('e/empty.txt', '');
    await expectMistake(openText(path.join(folder, 'd')), 'no file with text in it (left out: 1 hidden)');
    await expectMistake(openText(path.join(folder, 'e')), 'no file with text in it (left out: 1 empty)');
  });
});
