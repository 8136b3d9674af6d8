import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { describe, expect, it, vi } from 'vitest';
import { createProgram } from '../../src/cli/run-cli.ts';
import { inTerminal, temporaryFolder, textFile, tiny, trainedFolder, tsgpt } from '../support/run-cli.ts';

const widths = [0, 1, 10, 27, 40, 60, 80, 100, 200];

/** The widest line of what was printed. Tables and lists cannot be narrower than their longest word. */
function widest(printed: string): number {
  return Math.max(
    ...stripVTControlCharacters(printed)
      .split('\n')
      .map((line) => stringWidth(line)),
  );
}

/** Expects lines that fit a terminal, if it has room for anything at all. */
function expectFits(printed: string, columns: number): void {
  if (columns === 0 || columns >= 27) expect(widest(printed)).toBeLessThanOrEqual(columns || 80);
}

describe.each(widths)('in a terminal of %i columns', (columns) => {
  it('training ends with a chart, if there is room for one', async () => {
    inTerminal(columns);
    vi.stubEnv('TERM', 'xterm');
    const folder = join(temporaryFolder(), 'run');
    const { code, stdout, stderr } = await tsgpt('train', textFile(), '--out', folder, ...tiny);
    expect([code, stripVTControlCharacters(stderr)]).toEqual([0, '']);
    expect(stdout).toContain('─ train ');
    expect(stdout.includes(' ┤')).toBe(columns === 0 || columns >= 28);
    expect(stdout.replaceAll(/\s+/g, '')).toContain('Savedin');
    const chart = stdout.split('\n').filter((line) => line.includes('┤'));
    if (chart.length > 0) expectFits(chart.join('\n'), columns);
    const printed = stripVTControlCharacters(stdout);
    expectFits(printed.slice(0, printed.search(/learning\s+rate/)), columns);
    expectFits(printed.slice(printed.search(/Saved\s+in/)), columns);
  });

  it.each([['gpt2-small'], ['smolLM2'], ['char-tiny']])('info %s', async (name) => {
    inTerminal(columns);
    const { code, stdout, stderr } = await tsgpt('info', name);
    expect([code, stderr]).toEqual([0, '']);
    expectFits(stdout, columns);
    const told = stdout.replaceAll(/[\s│]+/g, '');
    for (const part of ['tokenEmbedding', 'trainingstate', 'FLOPspertoken']) expect(told).toContain(part);
  });

  it.each([[[]], [['--all']], [['--attention']], [['--attention', '1.1']], [['--lens', '--predictions', '30']]])(
    'inspect %j',
    async (flags) => {
      inTerminal(columns);
      const { code, stdout, stderr } = await tsgpt('inspect', 'char-tiny', '-p', 'It was a truth', ...flags);
      expect([code, stderr]).toEqual([0, '']);
      expectFits(stdout, columns);
    },
  );

  it('eval', async () => {
    inTerminal(columns);
    vi.stubEnv('TERM', 'dumb'); // no progress line
    const { code, stdout, stderr } = await tsgpt('eval', 'char-tiny', '--text', textFile());
    expect([code, stderr]).toEqual([0, '']);
    expectFits(stdout.slice(stdout.indexOf('\n\n')), columns);
    expect(stdout.replaceAll(/[\s│]+/g, '')).toContain('bitsperbyte');
  });

  it('--help of every command', async () => {
    inTerminal(columns);
    for (const command of [undefined, ...(await createProgram()).commands.map((command) => command.name())]) {
      const { code, stdout, stderr } = await tsgpt(...(command ? [command, '--help'] : ['--help']));
      expect([code, stderr]).toEqual([0, '']);
      if (columns >= 60) expectFits(stdout, columns);
    }
  });

  it('generate, convert and mistakes say the same as anywhere', async () => {
    const folder = await trainedFolder();
    const written = await tsgpt('generate', folder, '-p', 'the', '--seed', '1', '-n', '20');
    inTerminal(columns);
    vi.stubEnv('TERM', 'xterm');
    expect(await tsgpt('generate', folder, '-p', 'the', '--seed', '1', '-n', '20')).toEqual(written);
    const target = join(temporaryFolder(), 'a.gguf');
    const { code, stdout, stderr } = await tsgpt('convert', folder, target);
    expect([code, stdout.replaceAll(/\s/g, '').split(':')[0]]).toEqual([0, target]);
    expect(stderr.replaceAll(/\s+/g, '').includes('tensor1of')).toBe(columns === 0 || columns >= 20);
    expect((await tsgpt('info', '/no/such/model')).stderr).toMatch(/^error: there is no model/);
  });
});

describe('a terminal', () => {
  it('that only takes text gets no lines that are written over', async () => {
    inTerminal(80);
    vi.stubEnv('TERM', 'dumb');
    const { stdout, stderr } = await tsgpt('train', textFile(), '--out', join(temporaryFolder(), 'run'), ...tiny);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what it is about
    expect(stdout + stderr).not.toMatch(/\x1b/);
    expect(stdout).toContain('step 6/6');
  });

  it('shows a sample in its margin, also where its lines are cut', async () => {
    inTerminal(40);
    vi.stubEnv('TERM', 'xterm');
    const text = textFile('你好世界，the cat sat on the mat.'.repeat(30));
    const out = join(temporaryFolder(), 'run');
    const { stdout } = await tsgpt('train', text, '--out', out, ...tiny, '--sample-tokens', '120');
    const lines = stripVTControlCharacters(stdout).split('\n');
    const inMargin = lines.filter((line) => line.startsWith('  │ '));
    expect(inMargin.length).toBeGreaterThan(6);
    for (const line of inMargin) expect(stringWidth(line)).toBeLessThanOrEqual(40);
  });

  it('does not obey what a token says', async () => {
    inTerminal(100);
    const folder = join(temporaryFolder(), 'run');
    const text = 'ab\u009b2J\u202e\u001b[2Jc\u0301你👩‍👩‍👧 '.repeat(40);
    await tsgpt('train', textFile(text), '--out', folder, ...tiny);
    const { stdout } = await tsgpt('inspect', folder, '-p', text.slice(0, 8), '--lens', '--attention', '0.0');
    expect(stdout).toContain('\\u{9b}');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what it is about
    expect(stdout).not.toMatch(/[\x1b\x9b\u202e]/);
  });
});
