import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
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
    const text = textFile('User: the cat sat on the mat.\nBot: the mat sat on the cat.\n'.repeat(30));
    const folder = join(temporaryFolder(), 'run');
    await tsgpt('train', text, '--out', folder, ...tiny, '--context-length', '64');
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
    expect(stdout).toContain('Ctrl-C stops a reply');
    expect(code).toBe(0);
  });

  it('streams, stops a reply at Ctrl-C, and goes on with the conversation', async () => {
    const text = textFile('User: the cat sat on the mat.\nBot: the mat sat on the cat.\n'.repeat(30));
    const folder = join(temporaryFolder(), 'run');
    await tsgpt('train', text, '--out', folder, ...tiny, '--context-length', '64');
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
    await until(() => stdout.includes('Ctrl-C stops a reply'));
    child.kill('SIGINT'); // with no reply to stop it ends the conversation
    expect(await closed).toBe(0);
  });

  it('says what it can open', async () => {
    expectSentence(await tsgpt('chat', 'no-such-model'), 'no-such-model');
  });
});
