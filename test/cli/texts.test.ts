import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { expectSentence, temporaryFolder, textFile, tiny, tsgpt } from '../support/run-cli.ts';

const sentence = 'the cat sat on the mat.\n';

/** A folder with these files. */
function folderOf(files: Record<string, string | Uint8Array>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const textOfRun = (folder: string) => JSON.parse(readFileSync(join(folder, 'last.json'), 'utf8')).training.text;

describe('train on a folder', () => {
  const files = {
    'one.md': sentence.repeat(20),
    'src/two.ts': sentence.repeat(10),
    '._one.md': Uint8Array.of(0, 5, 22, 7),
    '.git/HEAD': 'x',
    'picture.png': Uint8Array.of(0x89, 0x50, 0, 0),
  };

  it('reads every text file, says what it leaves out, and goes on with the same text', async () => {
    const texts = folderOf(files);
    const out = join(texts, 'runs', 'cat');
    const trained = await tsgpt('train', texts, '--out', out, ...tiny);
    expect(trained.stderr).toBe('Not read: 2 hidden, 1 binary; --verbose names them\n');
    expect(trained.stdout).toContain('648 tokens to learn from and 72 to measure with');
    // The run is inside the folder of texts now, and a file has come that would change the text.
    const resumed = await tsgpt('train', '--resume', '--out', out, '--steps', '8', '--verbose');
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toContain('Not read: 2 hidden, 1 binary, 1 training run:\n');
    expect(resumed.stderr).toContain(`  ${join(texts, 'picture.png')} (binary)\n`);
  });

  it('remembers which files were asked for, and in which encoding', async () => {
    const texts = folderOf({ ...files, 'one.md': Buffer.from('the cät sat.\n'.repeat(60), 'latin1') });
    const out = join(temporaryFolder(), 'run');
    const flags = ['--include', '*.md', '--include', '*.txt', '--exclude', 'src', '--encoding', 'windows-1252'];
    expect((await tsgpt('train', texts, '--out', out, ...tiny, ...flags)).code).toBe(0);
    expect(textOfRun(out).reading).toEqual({
      ...{ encoding: 'windows-1252', include: ['*.md', '*.txt'], exclude: ['src'] },
    });
    expect((await tsgpt('train', '--resume', '--out', out, '--steps', '8')).code).toBe(0);
    expectSentence(
      await tsgpt('train', texts, '--out', join(out, '2'), ...tiny),
      'with --encoding, or save it as UTF-8',
    );
  });

  it('goes on with runs that knew only .txt files', async () => {
    const texts = folderOf({ 'a.txt': sentence.repeat(30), 'readme.md': 'not read in those days' });
    const out = join(temporaryFolder(), 'run');
    await tsgpt('train', texts, '--out', out, ...tiny, '--include', '*.txt');
    const last = join(out, 'last.json');
    const file = JSON.parse(readFileSync(last, 'utf8'));
    delete file.training.text.reading;
    writeFileSync(last, JSON.stringify(file));
    expect((await tsgpt('train', '--resume', '--out', out, '--steps', '8')).code).toBe(0);
  });
});

describe('--special', () => {
  const documents = 'one two three.<|endoftext|>four five six.<|endoftext|>'.repeat(20);
  const gpt2 = ['--tokenizer', 'gpt2'];

  it('makes tokens of special tokens in a training text, also when the run goes on', async () => {
    const folder = join(temporaryFolder(), 'run');
    const text = textFile(documents);
    expect((await tsgpt('train', text, '--out', folder, ...tiny, ...gpt2, '--special')).code).toBe(0);
    // Nine tokens for each repetition: two of them special.
    const { trainTokens, validationTokens, reading } = textOfRun(folder);
    expect([trainTokens + validationTokens, reading]).toEqual([20 * 10, { allowSpecial: true }]);
    const begun = ['--prompt', '<|endoftext|>one', '--sample-tokens', '3'];
    const resumed = await tsgpt('train', '--resume', '--out', folder, '--steps', '8', ...gpt2, ...begun);
    expect(resumed.code).toBe(0);
    // The last sample is what the model writes after the special token.
    const sampling = ['--last', '--temperature', '0.8', '--top-k', '200', '--seed', '1337', '-n', '3'];
    const written = await tsgpt('generate', folder, '-p', begun[1]!, '--special', ...sampling);
    expect(written.stdout).toMatch(/^<\|endoftext\|>one/);
    expect(resumed.stdout.replaceAll('  │ ', '')).toContain(written.stdout.trim());

    const evaluate = async (...flags: string[]) =>
      JSON.parse((await tsgpt('eval', folder, '--text', text, '--json', ...flags)).stdout).text;
    expect((await evaluate('--special')).tokens).toBe(20 * 10 - 1);
    expect((await evaluate()).tokens).toBe(20 * 20 - 1);

    const plain = await trainedFolderOn(text, ...gpt2);
    expect(textOfRun(plain).trainTokens).toBeGreaterThan(300);
  });

  it('is refused for tokenizers without special tokens', async () => {
    const outcome = await tsgpt('train', textFile(), '--out', join(temporaryFolder(), 'run'), ...tiny, '--special');
    expectSentence(outcome, 'has no special tokens; leave --special out');
  });
});

describe('the cases of a benchmark', () => {
  it('are read in any encoding, too', async () => {
    const folder = await trainedFolderOn(textFile());
    const cases = '{"text": "the cat"}\n{"text": "a mat"}\n';
    for (const [content, flags] of [
      [Buffer.from(`\ufeff${cases}`, 'utf16le'), []],
      [Buffer.from(cases, 'utf16le'), ['--encoding', 'utf-16le']],
    ] as const) {
      const { code, stdout } = await tsgpt('eval', folder, '--lambada', textFile(content), '--json', ...flags);
      expect(code).toBe(0);
      expect(JSON.parse(stdout).lambada.cases).toBe(2);
    }
  });
});

async function trainedFolderOn(text: string, ...flags: string[]): Promise<string> {
  const folder = join(temporaryFolder(), 'run');
  await tsgpt('train', text, '--out', folder, ...tiny, ...flags);
  return folder;
}

describe('a large text', () => {
  it('is left at once by Ctrl-C', async () => {
    const texts = folderOf({ 'a.txt': 'Some words, 1,234 of them.\n'.repeat(2_500_000), '.hidden': 'x' });
    const out = join(temporaryFolder(), 'run');
    const args = ['--import', 'tsx', 'src/cli/main.ts', 'train', texts, '--tokenizer', 'gpt2', '--out', out];
    const child = spawn(process.execPath, args);
    await once(child.stderr, 'data'); // it says what it leaves out, and then reads
    const start = performance.now();
    child.kill('SIGINT');
    child.stdout.resume();
    await once(child, 'close');
    expect(child.signalCode).toBe(null);
    expect(performance.now() - start).toBeLessThan(5000); // all of it takes half a minute
    expect(existsSync(out)).toBe(false);
  });

  /** What a terminal shows while a command reads a text; every look at the clock is a second after the last. */
  async function shown(...args: string[]): Promise<string> {
    const isTTY = process.stderr.isTTY;
    process.stderr.isTTY = true;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (time += 1000));
    onTestFinished(() => {
      process.stderr.isTTY = isTTY;
      clock.mockRestore();
    });
    let time = 0;
    return (await tsgpt(...args)).stderr;
  }

  it('is read with progress', async () => {
    const text = textFile(sentence.repeat(130_000));
    const stderr = await shown('train', text, '--out', join(temporaryFolder(), 'run'), ...tiny, '--steps', '1');
    expect(stderr).toMatch(/reading text\.txt: 1\.0 of 3\.1 MB, 1\.0 MB\/s, 2s left/);
    expect(stderr).toMatch(/tokenizing text\.txt: 2\.1 of 3\.1 MB, 1\.0 MB\/s, 1s left/);
  });
});
