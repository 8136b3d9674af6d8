import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { chatCommands } from '../../src/cli/chat-lines.ts';
import { expectSentence, temporaryFolder, textFile, tiny, tsgpt } from '../support/run-cli.ts';
import { hasShared, shared } from '../support/shared.ts';

/** Holds a conversation by writing lines. Returns the replies and the exit code. */
async function chat(
  lines: readonly string[],
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', 'chat', ...args]);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  child.stdin.end(`${lines.join('\n')}\n`);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}

/** The folder of a tiny model, trained on a conversation. */
async function trainedFolder(): Promise<string> {
  const text = textFile('User: the cat sat on the mat.\nBot: the mat sat on the cat.\n'.repeat(30));
  const folder = join(temporaryFolder(), 'run');
  await tsgpt('train', text, '--out', folder, ...tiny, '--context-length', '64');
  return folder;
}

describe('chat', () => {
  it.skipIf(!hasShared)('answers as the published model does, and remembers', async () => {
    const model = shared('models', 'tinystories-chat-3m-as-gpt2');
    const question = 'Hello! How are you?';
    const lines = [question, 'What is your name?', '/reset', question, '/exit', 'never read'];
    const { code, stdout, stderr } = await chat(lines, model, '-t', '0');
    expect([code, stderr]).toEqual([0, '']);
    const [first, second, third, ...rest] = stdout.trimEnd().split('\n');
    expect(first).toBe("I'm doing well, thank you. How are you?");
    expect(second!.length).toBeGreaterThan(0);
    expect(third).toBe(first);
    expect(rest).toEqual([]);
  });

  it('goes on after a message that cannot be answered', async () => {
    const folder = await trainedFolder();
    const { code, stdout, stderr } = await chat(
      ['Ünknown', 'the cat', '/help'],
      folder,
      '--max-tokens',
      '5',
      '--seed',
      '1',
    );
    // Only the first message is refused, and the second is answered as if the first had never been sent.
    expect(stderr).toMatch(/^error: [^\n]+\n$/); // the model's letters are those of its own text
    expect(stdout).toContain('Ctrl-C');
    expect(code).toBe(0);
  });

  it('streams, stops a reply at Ctrl-C, and goes on with the conversation', async () => {
    const folder = await trainedFolder();
    // A reply of a million tokens: what is seen of it is seen before it ends.
    const args = ['chat', folder, '--max-tokens', '1000000', '--seed', '1'];
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args]);
    onTestFinished(() => void child.kill('SIGKILL'));
    let stdout = '';
    const until = (isEnough: () => boolean) =>
      new Promise<void>((resolve) => {
        child.stdout.on('data', () => isEnough() && resolve());
      });
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
    for (const turn of [1, 2]) {
      const before = stdout.length;
      child.stdin.write('the cat sat\n');
      await until(() => stdout.length > before + 20);
      child.kill('SIGINT');
      await until(() => stdout.endsWith(' …\n'));
      expect(stdout.split(' …\n')).toHaveLength(turn + 1);
    }
    child.stdin.write('/help\n');
    await until(() => stdout.includes('Ctrl-C'));
    child.kill('SIGINT'); // with no reply to stop it ends the conversation
    expect(await closed).toBe(130);
  });

  it('obeys commands, tells of those that there are not, and sends what begins with two slashes', async () => {
    const folder = await trainedFolder();
    const lines = [
      '/System x',
      '/usr/bin is',
      '/quit now',
      '/system the cat sat',
      '//the cat',
      '/help',
      '/reset',
      '/quit',
      'never',
    ];
    const { code, stdout, stderr } = await chat(lines, folder, '--max-tokens', '3', '--seed', '1');
    expect(stderr.trimEnd().split('\n')).toEqual([
      ...['/System', '/usr/bin', '/quit now'].map((name) =>
        expect.stringMatching(new RegExp(`^error: there is no command "${name}"; /help .*: /${name}$`)),
      ),
      // The model knows no slash: its alphabet is that of its text. So the message got through to it.
      expect.stringMatching(/^error: .*"\/"/),
    ]);
    for (const [name, description] of chatCommands) expect(stdout).toContain(`${name}`.padEnd(16) + description);
    expect(code).toBe(0);
  });

  it.each([100, 60, 0])(
    'in a terminal of %i columns: hints, Ctrl-C clears a line, twice ends, and Ctrl-D ends',
    async (columns) => {
      const folder = await trainedFolder();
      const args = [
        '--import',
        './test/support/terminal-preload.mjs',
        '--import',
        'tsx',
        'src/cli/main.ts',
        'chat',
        folder,
      ];
      const env = { ...process.env, TEST_COLUMNS: String(columns), NO_COLOR: '1', TERM: 'xterm' };
      const child = spawn(process.execPath, [...args, '--seed', '1', '--max-tokens', '4'], { env });
      onTestFinished(() => void child.kill('SIGKILL'));
      let stdout = '';
      child.stdout.setEncoding('utf8').on('data', (text) => {
        stdout += text;
      });
      const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
      const until = (text: string) =>
        vi.waitFor(() => expect(stdout).toContain(text), { timeout: 60_000, interval: 20 });
      await until('> ');
      const header = stdout.slice(0, stdout.indexOf('> '));
      expect(header.replaceAll(/\s+/g, ' ')).toContain(
        'no chat template, so the conversation is written plainly, with "User:" and "Bot:"',
      );
      expect(header.replaceAll(/\s+/g, ' ')).toContain('/help lists the commands');
      const widest = Math.max(...header.split('\n').map((line) => line.length));
      expect(widest).toBeLessThanOrEqual(columns || 80);
      child.stdin.write('/nonsense');
      await until('/nonsense');
      child.stdin.write('\x03'); // Ctrl-C: nothing is sent, and the conversation goes on
      child.stdin.write('/system the cat sat\r');
      await until('The system message is set.');
      child.stdin.write('\x03'); // on an empty line it says how to end
      await until('ends the conversation');
      child.stdin.end(columns === 60 ? '\x03' : '\x04'); // Ctrl-D; a pipe, unlike a terminal, keeps a program waiting until it ends
      expect(await closed).toBe(columns === 60 ? 130 : 0);
      expect(stdout).not.toContain('there is no command');
      expect(stdout.endsWith('\n')).toBe(true);
    },
  );

  it('says what it can open', async () => {
    expectSentence(await tsgpt('chat', 'no-such-model'), 'no-such-model');
  });
});
