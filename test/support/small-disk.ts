import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folder of a file system of a given size, such as `80k`. Undefined where it cannot be mounted, which needs Linux and root. */
export function smallDisk(size: string): string | undefined {
  const path = mkdtempSync(join(tmpdir(), 'tsgpt-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path], { stdio: 'ignore' });
    return path;
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
}
