import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Decoder } from '../../src/generate/index.ts';
import { expectSentence, temporaryFolder, textFile, trainedFolder, tsgpt } from '../support/run-cli.ts';

/** The cells of the rows of a table as it is printed, without its head. */
function rowsOf(stdout: string): string[][] {
  const lines = stdout.split('\n').filter((line) => line.startsWith('│'));
  return lines.slice(1).map((line) =>
    line
      .split('│')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function file(name: string, text: string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

const passages = (count: number) => file('cases.jsonl', '{"text": "the cat"}\n{"text": "a mat"}\n'.repeat(count / 2));
const task = 'a cat\n1\nsat\non\nthe\nmat\n';
const tasks = (count: number) => file('tasks.txt', task.repeat(count));

describe('eval', () => {
  it('prints what it has measured before it reaches something that it cannot measure', async () => {
    const cases = file('cases.jsonl', '{"text": "the cat"}\n{"text": "a mat"}\n{"text": "the Ü"}\n');
    const args = ['--text', textFile(), '--lambada', cases, '--hellaswag', tasks(3)];
    const folder = await trainedFolder();
    const { code, stdout, stderr } = await tsgpt('eval', folder, ...args);
    expect(rowsOf(stdout).map(([measure, of]) => `${measure}: ${of}`)).toEqual(
      expect.arrayContaining(['loss of a token, nats: 719 tokens', 'LAMBADA: right last words: 2 of 3 cases']),
    );
    expect(stdout).not.toContain('HellaSwag');
    expectSentence({ code, stdout, stderr }, 'case 3 cannot be measured: the character "Ü"');
    const asJson = await tsgpt('eval', folder, ...args, '--json');
    expect(JSON.parse(asJson.stdout).lambada).toMatchObject({ cases: 2, isComplete: false });
    expect(asJson.code).toBe(1);
  });

  it('measures all that it is asked for, and says on how many cases and how sure it is', async () => {
    const args = ['--text', textFile(), '--lambada', passages(4), '--hellaswag', tasks(3)];
    const { code, stdout, stderr } = await tsgpt('eval', await trainedFolder(), ...args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('gpt2 after step 6');
    const rows = rowsOf(stdout);
    expect(rows.map(([measure, of]) => `${measure}: ${of}`)).toEqual([
      'perplexity, windows of 8, stride 4: 719 tokens',
      'loss of a token, nats: 719 tokens',
      'bits per byte: 719 bytes',
      'bits per character: 719 characters',
      'LAMBADA: right last words: 4 cases',
      'LAMBADA: perplexity of a last word: 4 cases',
      'HellaSwag: right endings: 3 cases',
      'HellaSwag: right endings, by length: 3 cases',
    ]);
    const numbers = rows.slice(0, 4).map((row) => row.slice(2).flatMap((cell) => cell.split(' to ').map(Number)));
    for (const [value, standardError, low, high] of numbers) {
      expect(standardError).toBeGreaterThan(0);
      expect(low).toBeLessThan(value!);
      expect(high).toBeGreaterThan(value!);
    }
    const [[perplexity], [loss, standardError, low, high], [bits]] = numbers as [number[], number[], number[]];
    expect(Math.log(perplexity!)).toBeCloseTo(loss!, 3);
    expect(bits! * Math.LN2).toBeCloseTo(loss!, 3); // one byte for each token
    expect(high! - low!).toBeCloseTo(2 * 1.96 * standardError!, 3);
    for (const [, , value] of rows.slice(6)) expect(value).toMatch(/^\d+\.\d%$/);
  });

  it('gives everything as JSON, for the first cases only if told to', async () => {
    const [text, lambada, hellaswag] = [textFile(), passages(4), tasks(4)];
    const args = ['--text', text, '--lambada', lambada, '--hellaswag', hellaswag, '--limit', '3', '--json'];
    const { code, stdout, stderr } = await tsgpt('eval', await trainedFolder(), ...args);
    expect([code, stderr]).toEqual([0, '']);
    const results = JSON.parse(stdout);
    expect(Object.keys(results)).toEqual(['model', 'text', 'lambada', 'hellaswag']);
    expect(results.text).toMatchObject({
      file: text,
      isComplete: true,
      tokens: 3,
      bytes: 3,
      contextLength: 8,
      stride: 4,
    });
    expect(results.lambada).toMatchObject({ file: lambada, isComplete: true, cases: 3, truncated: 0 });
    expect(results.hellaswag).toMatchObject({ file: hellaswag, cases: 3 });
    const { loss, perplexity, interval } = results.text;
    expect(perplexity).toBeCloseTo(Math.exp(loss.value), 10);
    expect(interval[1]).toBeCloseTo(Math.exp(loss.value + 1.96 * loss.standardError), 10);
    expect(results.hellaswag.accuracy.standardError).toBe(0);
  });

  it('uses other windows and other weights if told to', async () => {
    const folder = await trainedFolder('--emb-dim', '32');
    const text = textFile();
    const perplexityWith = async (...flags: string[]) => {
      const { stdout } = await tsgpt('eval', folder, '--text', text, '--json', ...flags);
      return JSON.parse(stdout).text.perplexity as number;
    };
    const whole = await perplexityWith();
    expect(await perplexityWith('--stride', '4', '--context-length', '8')).toBe(whole);
    const different = [
      await perplexityWith('--stride', '8'),
      await perplexityWith('--context-length', '2'),
      await perplexityWith('--quantize', 'q8'),
      await perplexityWith('--quantize', 'q4'),
    ];
    expect(new Set([whole, ...different]).size).toBe(5);
    for (const perplexity of different) expect(Math.abs(Math.log(perplexity / whole))).toBeLessThan(0.5);
    expect((await tsgpt('eval', folder, '--text', text, '--quantize', 'q4')).stdout).toContain(', quantized: q4\n');
  });

  it('gives no standard error for a single case, and reports contexts that were cut', async () => {
    const { stdout } = await tsgpt('eval', await trainedFolder(), '--lambada', file('long.jsonl', '{"text": "the cat sat on the mat"}')); // biome-ignore format: one line
    expect(rowsOf(stdout)[0]).toEqual([
      'LAMBADA: right last words',
      '1 case, 1 context cut',
      '0.0%',
      '–',
      '0.0% to 79.3%',
    ]);
  });

  it('stopped by Ctrl-C prints the results so far', async () => {
    const folder = await trainedFolder();
    const before = process.listeners('SIGINT');
    const { scoreTargets } = Decoder.prototype;
    let calls = 0;
    const spy = vi.spyOn(Decoder.prototype, 'scoreTargets').mockImplementation(function (this: Decoder, ...args) {
      // Two for each of the last words, five for each context and its endings: this is the fourth context.
      if (++calls === 20) process.listeners('SIGINT').find((listener) => !before.includes(listener))!('SIGINT');
      return scoreTargets.apply(this, args);
    });
    onTestFinished(() => spy.mockRestore());
    const args = ['--text', textFile(), '--hellaswag', tasks(1000), '--lambada', passages(2)];
    const { code, stdout, stderr } = await tsgpt('eval', folder, ...args.slice(2));
    expect(code).toBe(130);
    expect(stderr).toBe('\nStopping … (Ctrl-C again ends at once)\n');
    const rows = rowsOf(stdout);
    expect(rows.map(([measure, of]) => `${measure}: ${of}`)).toEqual([
      'LAMBADA: right last words: 2 cases',
      'LAMBADA: perplexity of a last word: 2 cases',
      'HellaSwag: right endings: 4 of 1,000 cases',
      'HellaSwag: right endings, by length: 4 of 1,000 cases',
    ]);
    expect(stdout).toContain('Stopped: these are the results so far.');
    expect(process.listeners('SIGINT')).toEqual(before);

    // This is in the first measure. The others are left out, and the output says that the first is not complete.
    calls = 15;
    const results = JSON.parse((await tsgpt('eval', folder, ...args, '--json')).stdout);
    expect(Object.keys(results)).toEqual(['model', 'text']);
    expect(results.text.isComplete).toBe(false);
    expect(results.text.tokens).toBe(8 + 4 * 4);
  });

  it('shows in a terminal how far it is, beside what it prints', async () => {
    const descriptor = Object.getOwnPropertyDescriptor(process.stderr, 'isTTY');
    Object.defineProperty(process.stderr, 'isTTY', { value: true, configurable: true });
    onTestFinished(() => {
      if (descriptor) Object.defineProperty(process.stderr, 'isTTY', descriptor);
      else Reflect.deleteProperty(process.stderr, 'isTTY');
    });
    const { stdout, stderr } = await tsgpt('eval', await trainedFolder(), '--hellaswag', tasks(3), '--json');
    expect(JSON.parse(stdout).hellaswag.cases).toBe(3);
    expect(stderr).toMatch(/HellaSwag: right endings \d+\.\d% ± –, 1 of 3 cases, \d+s left/);
    expect(stderr).toMatch(/ 3 cases, 0s left/);
  });

  it.each([
    [[], 'there is nothing to measure; give a file with --text, --lambada or --hellaswag'],
    [
      ['--lambada', 'x', '--stride', '2'],
      '--stride, --context-length and --begin-of-text apply to a text; give one with --text',
    ],
    [['--text', 'no-such-file'], 'there is no file or folder no-such-file'],
    [['--text', '$packed'], 'is compressed; unpack it first with "gunzip --keep"'],
    [['--lambada', '$packed'], 'unpack it first with "gunzip --keep"'],
    [['--lambada', 'x', '--include', '*.md'], '--include, --exclude and --special apply to a text'],
    [['--text', '$text', '--include', '*.md'], 'is a file, so --include has nothing to choose from'],
    [['--text', '$text', '--special'], 'has no special tokens; leave --special out'],
    [['--text', '$text', '--limit', '0'], '--limit must be at least 1, but is 0'],
    [['--text', '$text', '--stride', '33'], '--stride must be from 1 to the context length of 32'],
    [['--text', '$text', '--stride', '5', '--context-length', '4'], 'the context length of 4'],
    [['--text', '$text', '--context-length', '33'], 'must be from 1 to the 32 tokens that the model sees'],
    [['--text', '$one'], 'has only 1 token, and the first one cannot be predicted'],
    [['--text', '$empty'], 'is empty'],
    [['--lambada', '$text'], 'is not of the form {"text": "..."}'],
    [['--hellaswag', '$text'], 'must be the number of the true ending'],
    [['--hellaswag', '$long'], 'case 2 cannot be measured: the text to predict has 41 tokens'],
  ])('%j is one sentence', async (args, about) => {
    const files: Record<string, () => string> = {
      $text: () => textFile(),
      $one: () => textFile('a'),
      $empty: () => textFile(''),
      $packed: () => textFile(gzipSync('text')),
      $long: () => file('tasks.txt', task + task.replace('mat', 'a'.repeat(40))),
    };
    expectSentence(await tsgpt('eval', 'char-tiny', ...args.map((arg) => files[arg]?.() ?? arg)), about);
  });

  it('says what it can read', async () => {
    expectSentence(await tsgpt('eval', 'no-such-model', '--text', textFile()), 'no-such-model');
    expect(existsSync('no-such-model')).toBe(false);
  });
});
