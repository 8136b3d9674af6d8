import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * When a process of this machine started, in words that no other process with the same number has; undefined if there is no such process, or the
 * system does not tell. Windows tells it too slowly.
 */
export async function processStart(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') return startInProc(pid);
  if (process.platform === 'win32') return undefined;
  const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout.trim() || undefined;
}

/** In Linux, in ticks since the machine was started, and which start of the machine that was. */
async function startInProc(pid: number): Promise<string | undefined> {
  const read = (path: string) => readFile(path, 'utf8').catch(() => undefined);
  const [status, boot] = [await read(`/proc/${pid}/stat`), await read('/proc/sys/kernel/random/boot_id')];
  // The program's name comes second, in parentheses, and may contain anything.
  const ticks = status?.slice(status.lastIndexOf(')') + 2).split(' ')[19];
  return ticks && `${boot?.trim()} ${ticks}`;
}

/** Whether there is a process with this number. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it is another user's
  }
}
