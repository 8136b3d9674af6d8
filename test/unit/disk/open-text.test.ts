import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { openText } from '../../../src/disk/open-text.ts';
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

const textOf = async (file: string) => (await chunksOf((await openText(file)).documents[0]!)).join('');

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
    await expectMistake(openText(path.join(write('a/file.txt', 'x'), 'inside')), 'cannot be read (ENOTDIR)');
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
    // UTF-16, as some editors save it.
    await expectMistake(textOf(write('a/utf16.txt', Uint8Array.of(0xff, 0xfe, 0x61, 0))), 'near byte 0');
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')('says when it may not be read', async () => {
    const file = write('a/secret.txt', 'x');
    chmodSync(file, 0);
    await expectMistake(openText(file), file, 'cannot be read (EACCES)');
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

describe('openText on a folder', () => {
  it('reads every .txt file at any depth, in order', async () => {
    write('b/two.txt', '2');
    write('b/one.TXT', '1');
    write('b/inner/deep/three.txt', '333');
    write('b/inner/notes.md', 'no');
    write('b/none.txt', '');
    const source = await openText(path.join(folder, 'b'));
    expect(source.documents.map((document) => path.relative(source.path, document.path))).toEqual([
      path.join('inner', 'deep', 'three.txt'),
      'one.TXT',
      'two.txt',
    ]);
    expect(source.bytes).toBe(5);
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
  });

  it('says when there is no text in it', async () => {
    write('d/notes.md', 'x');
    write('e/empty.txt', '');
    for (const name of ['d', 'e']) {
      await expectMistake(openText(path.join(folder, name)), path.join(folder, name), 'no .txt file with text');
    }
  });
});
