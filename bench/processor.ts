import { readFileSync } from 'node:fs';

/** What the processor can do, by Linux's names, such as `avx2`; elsewhere nothing is known. */
export function processorFlags(): ReadonlySet<string> {
  try {
    return new Set(/^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.trim().split(' '));
  } catch {
    return new Set();
  }
}
