import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { hasShared, shared } from '../support/shared.ts';
import { expectSentence, trainedFolder, tsgpt } from './run.ts';

/** Holds a conversation by writing lines; the replies, and the exit code. */
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
    const folder = await trainedFolder('--context-length', '64');
    const { code, stdout, stderr } = await chat(['Ünknown', '/help'], folder, '--max-tokens', '5', '--seed', '1');
    expect(stderr).toMatch(/^error: [^\n]+\n$/); // the model's letters are those of its own text
    expect(stdout).toContain('Ctrl-C stops a reply');
    expect(code).toBe(0);
  });

  it('says what it can open', async () => {
    expectSentence(await tsgpt('chat', 'no-such-model'), 'no-such-model');
  });
});
