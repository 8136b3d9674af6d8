import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

/**
 * Gives the tests of a file a folder of their own for temporary files. Returns what tells its path, once they run, and which of the engine's notes lie
 * in it.
 */
export function ownTmpdir(): { path: () => string; notes: () => string[] } {
  const before = process.env.TMPDIR;
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tsgpt-test-'));
    process.env.TMPDIR = folder;
  });
  afterAll(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    path: () => folder,
    notes: () => readdirSync(folder).filter((name) => name.startsWith('tsgpt-profile-')),
  };
}
