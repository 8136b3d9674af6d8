import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, onTestFinished, vi } from 'vitest';
import { createProgram, runCli } from '../../src/cli/run-cli.ts';

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command line in this process and records what it writes. */
export async function tsgpt(...args: string[]): Promise<Outcome> {
  const outcome: Outcome = { code: -1, stdout: '', stderr: '' };
  const take = (to: 'stdout' | 'stderr') => (text: unknown) => {
    outcome[to] += String(text);
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(take('stdout')),
    vi.spyOn(process.stderr, 'write').mockImplementation(take('stderr')),
    vi.spyOn(console, 'log').mockImplementation((text = '') => take('stdout')(`${text}\n`)),
    vi.spyOn(console, 'error').mockImplementation((text = '') => take('stderr')(`${text}\n`)),
  ];
  try {
    outcome.code = await runCli(args);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return outcome;
}

/** Ctrl-C for the next command that listens for it, as soon as it does. */
export function interruptNext(): void {
  const hear = (event: string | symbol, listener: (...args: unknown[]) => void) => {
    if (event !== 'SIGINT') return;
    process.off('newListener', hear);
    queueMicrotask(() => listener('SIGINT'));
  };
  process.on('newListener', hear);
}

/** Makes standard output and standard error a terminal of so many columns until the test ends; some terminals report 0. */
export function inTerminal(columns: number): void {
  for (const stream of [process.stdout, process.stderr]) {
    const before = { columns: stream.columns, isTTY: stream.isTTY };
    onTestFinished(() => void Object.assign(stream, before));
    Object.assign(stream, { columns, isTTY: true });
  }
}

/** Expects a user's mistake to end with exit code 1 and one sentence on standard error, about the right thing. */
export function expectSentence({ code, stderr }: Outcome, about: string): void {
  expect(stderr).toMatch(/^error: [^\n]+\n$/);
  expect(stderr).toContain(about);
  expect(stderr).not.toContain('defect');
  expect(code).toBe(1);
}

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tsgpt-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The path of a file with a small text. */
export function textFile(text: string | Uint8Array = 'the cat sat on the mat.\n'.repeat(30)): string {
  const path = join(temporaryFolder(), 'text.txt');
  writeFileSync(path, text);
  return path;
}

/** Flags for a model and a run that take hardly any time. */
export const tiny = [
  ...['--preset', 'char-tiny', '--context-length', '8', '--emb-dim', '16', '--n-heads', '2', '--n-layers', '1'],
  ...['--steps', '6', '--batch-size', '4', '--eval-interval', '3', '--eval-windows', '8', '--sample-tokens', '5'],
];

/** Trains a tiny model and returns its folder. */
export async function trainedFolder(...flags: string[]): Promise<string> {
  const folder = join(temporaryFolder(), 'run');
  const { code, stderr } = await tsgpt('train', textFile(), '--out', folder, ...tiny, ...flags);
  expect([code, stderr]).toEqual([0, '']);
  return folder;
}

/** The losses of a run, as its log has them. */
export const lossesIn = (folder: string) =>
  readFileSync(join(folder, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { step: number; loss?: number; validationLoss?: number })
    .map(({ step, loss, validationLoss }) => ({ step, loss, validationLoss }));

const program = await createProgram();

/** The commands that do something, by what one types, such as `train` and `data prepare`. */
export function workingCommands(): [words: string, command: Command][] {
  return program.commands.flatMap((command): [string, Command][] =>
    command.commands.length > 0
      ? command.commands.map((inner) => [`${command.name()} ${inner.name()}`, inner])
      : [[command.name(), command]],
  );
}
