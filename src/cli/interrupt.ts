import { TsgptError } from '../core/errors.ts';
import { printBelow } from './terminal.ts';

/** The exit codes of commands that were stopped: 128 and the number of the signal, as in shells. */
export const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGPIPE: 141, SIGTERM: 143, SIGBREAK: 149 };

/** The signals that a command gets: Ctrl-C, a polite request to end, a closed terminal, and in Windows Ctrl-Break. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK'] as const;

/**
 * Programs such as npx pass a signal on to a command that got it already, and a terminal that closes sends several; within this many milliseconds it is
 * the same one.
 */
const SAME_SIGNAL = 500;

/** A command was stopped from outside and has ended in good order. */
export class Stopped extends Error {
  readonly exitCode: number;

  constructor(by: keyof typeof exitCodes) {
    super(`stopped by ${by}`);
    this.exitCode = exitCodes[by];
  }
}

/** What a command that has something to save says when it is stopped. */
export interface SavingMessages {
  /** After the first Ctrl-C. */
  finish: string;
  /** After the second Ctrl-C, or another signal. */
  save: string;
}

type StoppedBy = keyof typeof exitCodes;

/** The command that is running, if it can be stopped. */
let running: { stop(by: StoppedBy, reason?: Error): void; saves: boolean } | undefined;

/** Whether a command was stopped; it then has its exit code, whatever happens to its last words. */
let isStopped = false;

/**
 * Runs `work` with a signal that Ctrl-C aborts, so that it can stop in good order: by returning or by throwing the signal's reason. Then the command
 * ends with the exit code of what stopped it.
 *
 * A second Ctrl-C ends the program at once. Work with something to save has {@link SavingMessages}: for such work a second Ctrl-C aborts
 * `hurry`, which asks it to do nothing but save, and a third ends the program. Other signals, a closed terminal and a closed pipe abort both at
 * once, and the next one ends the program.
 *
 * @returns the result of `work`
 * @throws Stopped if it was stopped
 */
export async function interruptible<T>(
  messages: string | SavingMessages,
  work: (signal: AbortSignal, hurry: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const hurry = new AbortController();
  const saves = typeof messages !== 'string';
  const last = saves ? hurry : stop; // the last way to end in good order
  let lastCtrlC = Number.NEGATIVE_INFINITY;
  let leaveToSystem: NodeJS.Timeout | undefined;

  running = {
    saves,
    stop(by, reason = new Stopped(by)) {
      const isCtrlC = by === 'SIGINT';
      if (isCtrlC && performance.now() - lastCtrlC < SAME_SIGNAL) return;
      if (isCtrlC) lastCtrlC = performance.now();
      if (last.signal.aborted) return;
      if (stop.signal.aborted || !isCtrlC) hurry.abort(reason);
      stop.abort(reason);
      isStopped = true;
      if (last.signal.aborted) leaveToSystem = setTimeout(endAtNextSignal, SAME_SIGNAL).unref();
      const again = last.signal.aborted ? ' (Ctrl-C again ends at once)' : '';
      printBelow(`\n${saves ? messages[hurry.signal.aborted ? 'save' : 'finish'] : messages}${again}`);
    },
  };
  const listeners = signals.map((name) => [name, () => running?.stop(name)] as const);
  for (const [name, listener] of listeners) process.on(name, listener);
  try {
    const result = await work(stop.signal, hurry.signal);
    stop.signal.throwIfAborted();
    return result;
  } finally {
    running = undefined;
    clearTimeout(leaveToSystem);
    for (const [name, listener] of listeners) process.off(name, listener);
  }
}

/** Leaves the next signal to the system, which ends the program even while the engine computes and this program does not listen. */
function endAtNextSignal(): void {
  for (const name of signals) process.removeAllListeners(name); // libraries have some
}

/**
 * Ends the command because its output cannot be written. That a reader such as `head` wants no more is no error; but work with something to save then
 * saves and stops as after a signal.
 */
export function stopForOutput({ code, message }: NodeJS.ErrnoException): void {
  const by = code === 'EPIPE' ? 'SIGPIPE' : code === 'EIO' ? 'SIGHUP' : undefined; // EIO: the terminal is gone
  const reason = code === 'ENOSPC' ? 'the disk is full' : message;
  const error = by ? undefined : new TsgptError(`cannot write the output: ${reason}; send it to another place`);
  if (running?.saves) running.stop(by ?? 'SIGPIPE', error);
  else if (!isStopped) {
    if (error) console.error(`error: ${error.message}`);
    process.exit(error ? 1 : by === 'SIGPIPE' ? 0 : exitCodes.SIGHUP);
  }
}
