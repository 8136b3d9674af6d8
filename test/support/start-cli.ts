import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

interface StartOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** A file descriptor for standard output. Defaults to a pipe that is read. */
  stdout?: number;
}

/** Starts the program as a user does, its output going to a file or another program. */
export function start(args: readonly string[], { env = {}, cwd = '.', stdout }: StartOptions = {}) {
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
  const tsx = import.meta.resolve('tsx');
  const child = spawn(process.execPath, ['--import', tsx, main, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['pipe', stdout ?? 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...output }));
  /** Waits until the output contains something. */
  const until = async (name: keyof typeof output, what: RegExp) => {
    while (!what.test(output[name])) {
      if (child.exitCode !== null) throw new Error(`it ended: ${output.stdout}${output.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return { child, output, ended, until };
}
