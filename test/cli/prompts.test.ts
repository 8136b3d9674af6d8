import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { expectSentence, temporaryFolder, textFile, tiny, trainedFolder, tsgpt } from '../support/run-cli.ts';

function fileOf(content: string | Uint8Array): string {
  const path = join(temporaryFolder(), 'prompt.txt');
  writeFileSync(path, content);
  return path;
}

/** Runs the command line with this standard input. */
async function withInput(input: string | Uint8Array, ...args: string[]) {
  const stdin = vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([Buffer.from(input)]) as never);
  onTestFinished(() => stdin.mockRestore());
  return tsgpt(...args);
}

const few = ['--max-tokens', '6', '--seed', '1'];

describe('a prompt', () => {
  it('comes from the command line, a file or standard input', async () => {
    const folder = await trainedFolder();
    const expected = await tsgpt('generate', folder, '--prompt', 'the cat\non', ...few);
    expect(expected.code).toBe(0);
    expect(expected.stdout.startsWith('the cat\non')).toBe(true);
    for (const end of ['', '\n']) {
      const file = fileOf(`the cat\non${end}`);
      expect(await tsgpt('generate', folder, '--prompt-file', file, ...few)).toEqual(expected);
      const input = `the cat\non${end}`;
      expect(await withInput(input, 'generate', folder, '--prompt-file', '-', ...few)).toEqual(expected);
      expect(await withInput(input, 'generate', folder, '-p', '-', ...few)).toEqual(expected);
    }
    const inspected = await tsgpt('inspect', folder, '-p', 'the cat', '--json');
    expect(await tsgpt('inspect', folder, '--prompt-file', fileOf('the cat\n'), '--json')).toEqual(inspected);
    expect(await withInput('the cat\n', 'inspect', folder, '-p', '-', '--json')).toEqual(inspected);
  });

  it('is stored in any encoding', async () => {
    const folder = await trainedFolder();
    const marked = fileOf(Buffer.from('\ufeffthe cat', 'utf16le'));
    expect((await tsgpt('generate', folder, '--prompt-file', marked, ...few)).stdout).toMatch(/^the cat/);
    const latin1 = Buffer.from('Grüße', 'latin1');
    const args = ['char-small', '--json', '--prompt-file'];
    const told = await tsgpt('inspect', ...args, fileOf(latin1), '--encoding', 'windows-1252');
    expectSentence(told, 'the character "ü" (U+00FC)');
    expectSentence(await tsgpt('inspect', ...args, fileOf(latin1)), 'is not UTF-8 text (near byte 2)');
    expectSentence(await withInput(latin1, 'inspect', ...args, '-'), 'the file standard input is not UTF-8 text');
  });

  it.each([
    [['-p', 'a', '--prompt-file', 'b'], '--prompt and --prompt-file both give a prompt; leave one out'],
    [['--prompt-file', '/no/such/file'], 'there is no file or folder /no/such/file'],
    [['--prompt-file', '/'], '/ is a folder; name a file'],
    [['-p', 'a', '--encoding', 'latin1'], '--encoding is about a file; give one with --prompt-file'],
    [['--prompt-file', import.meta.filename, '--encoding', 'x'], '--encoding must be a name of the Encoding Standard'],
    [['-p', 'a', '--special'], 'the tokenizer of this model has no special tokens; leave --special out'],
  ])('%j is one sentence', async (flags, about) => {
    for (const command of ['generate', 'inspect']) {
      expect((await tsgpt(command, 'char-tiny', ...flags)).stderr.split('\n').at(-2)).toContain(`error: ${about}`);
    }
  });

  it('has special tokens on request', async () => {
    const tokensOf = async (...flags: string[]) => {
      const flagsOfBoth = ['--json', '--prompt', 'a<|endoftext|>', ...flags];
      return JSON.parse((await tsgpt('inspect', folder, ...flagsOfBoth)).stdout).tokens.map(
        ({ id }: { id: number }) => id,
      );
    };
    const folder = join(temporaryFolder(), 'run');
    await tsgpt('train', textFile('some words. '.repeat(100)), '--out', folder, ...tiny, '--tokenizer', 'gpt2');
    expect(await tokensOf('--special')).toEqual([64, 50_256]);
    expect(await tokensOf()).toEqual([64, 27, 91, 437, 1659, 5239, 91, 29]);
    expect((await tsgpt('generate', folder, '-p', '<|endoftext|>', '--special', '-n', '3')).code).toBe(0);
  });

  it('of several megabytes is read at once', async () => {
    const folder = await trainedFolder();
    const start = performance.now();
    const { code, stdout } = await tsgpt(
      ...['generate', folder, '--prompt-file', fileOf('the cat sat on the mat.\n'.repeat(200_000))],
      ...['--repetition-penalty', '1.1', ...few],
    );
    expect(code).toBe(0);
    expect(stdout.length).toBeGreaterThan(4_799_999);
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});

describe('--stop', () => {
  it('has escapes for characters that are hard to type', async () => {
    const folder = await trainedFolder();
    const write = async (...flags: string[]) =>
      (await tsgpt('generate', folder, '-p', 'the ', '-n', '80', '--seed', '1', ...flags)).stdout;
    const written = await write();
    expect(written.slice(4, -1)).toContain('\n');
    const [line] = written.split('\n');
    for (const stop of ['\\n', '\\u000a', '\\u{a}', '\n']) expect(await write('--stop', stop)).toBe(`${line}\n`);
  });

  it.each([
    ['\\d', 'It may have'],
    ['a\\', 'It may have'],
    ['\\u12', 'It may have'],
    ['\\u{110000}', 'It may have'],
    ['\\ud83d', 'half a character'],
    ['', 'must not be empty'],
  ])('%s is refused', async (stop, about) => {
    const outcome = await tsgpt('generate', 'char-tiny', '--stop', stop);
    expect(outcome.stderr.toLowerCase()).toContain(about.toLowerCase());
    expect(outcome.code).toBe(1);
  });
});
