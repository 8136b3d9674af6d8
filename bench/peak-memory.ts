import { existsSync, readFileSync } from 'node:fs';

/**
 * The largest resident set of this process so far, in bytes. Linux's `maxRSS` would be at least that of the process that started it: it survives exec.
 */
export function peakMemory(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  return 1024 * Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? process.resourceUsage().maxRSS);
}
