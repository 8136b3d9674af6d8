import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { interruptible, Stopped } from '../../../src/cli/interrupt.ts';

const messages = { finish: 'finishing', save: 'saving' };

/** What listens to a signal because of the command that runs. */
const ours = (signal: NodeJS.Signals) =>
  process.listeners(signal).filter((listener) => !before.get(signal)!.includes(listener));

/** Gives the signal to the command that runs, as the system would. */
function receive(signal: NodeJS.Signals): void {
  for (const listener of ours(signal)) listener(signal);
}

const before = new Map<NodeJS.Signals, unknown[]>();

/** Work that ends when the test says so. */
function work(messages: string | { finish: string; save: string }) {
  const state = { signal: new AbortController().signal, hurry: new AbortController().signal, end: () => {} };
  const ended = interruptible(messages, (signal, hurry) => {
    Object.assign(state, { signal, hurry });
    return new Promise<string>((resolve) => {
      state.end = () => resolve('done');
    });
  });
  return { state, ended };
}

describe('interruptible', () => {
  const said: string[] = [];

  beforeEach(() => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) before.set(signal, process.listeners(signal));
    vi.useFakeTimers();
    vi.spyOn(console, 'error').mockImplementation((text) => said.push(text));
    said.length = 0;
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    for (const [signal, listeners] of before) {
      expect(ours(signal)).toEqual([]);
      for (const listener of listeners)
        if (!process.listeners(signal).includes(listener as never)) process.on(signal, listener as never);
    }
  });

  it('asks three times: to finish, to save, to end', async () => {
    const { state, ended } = work(messages);
    receive('SIGINT');
    expect([state.signal.aborted, state.hurry.aborted]).toEqual([true, false]);
    vi.advanceTimersByTime(400);
    receive('SIGINT'); // the same one, passed on by npx
    expect(state.hurry.aborted).toBe(false);
    vi.advanceTimersByTime(600);
    receive('SIGINT');
    expect(state.hurry.aborted).toBe(true);
    expect(ours('SIGINT')).toHaveLength(1);
    vi.advanceTimersByTime(600);
    expect(ours('SIGINT')).toEqual([]); // the next one is the system's, which ends the program
    expect(said).toEqual(['\nfinishing', '\nsaving (Ctrl-C again ends at once)']);
    state.end();
    await expect(ended).rejects.toMatchObject({ exitCode: 130 });
  });

  it('asks twice where there is nothing to save', async () => {
    const { state, ended } = work('stopping');
    receive('SIGINT');
    expect(state.signal.aborted).toBe(true);
    vi.advanceTimersByTime(600);
    expect(ours('SIGINT')).toEqual([]);
    state.end();
    await expect(ended).rejects.toBeInstanceOf(Stopped);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('asks to save at once after %s, even if it comes several times at once', async (signal, exitCode) => {
    const { state, ended } = work(messages);
    for (let i = 0; i < 3; i++) receive(signal);
    expect([state.signal.aborted, state.hurry.aborted]).toEqual([true, true]);
    expect(said).toEqual(['\nsaving (Ctrl-C again ends at once)']);
    vi.advanceTimersByTime(600);
    for (const each of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) expect(ours(each)).toEqual([]);
    state.end();
    await expect(ended).rejects.toMatchObject({ exitCode });
  });

  it('hurries work that is already finishing when the terminal closes', async () => {
    const { state, ended } = work(messages);
    receive('SIGINT');
    receive('SIGHUP');
    expect(state.hurry.aborted).toBe(true);
    state.end();
    await expect(ended).rejects.toMatchObject({ exitCode: 130 });
  });

  it('returns what the work returns, and passes on its failures, even while it stops', async () => {
    const { state, ended } = work(messages);
    state.end();
    expect(await ended).toBe('done');
    const failing = interruptible(messages, async () => {
      receive('SIGINT');
      throw new Error('the disk is full');
    });
    await expect(failing).rejects.toThrow('the disk is full');
  });
});
