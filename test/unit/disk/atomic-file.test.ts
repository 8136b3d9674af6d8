import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { writeFileAtomic } from '../../../src/disk/atomic-file.ts';
import { smallDisk } from '../../support/small-disk.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsgpt-atomic-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => error,
  );
}

describe('writeFileAtomic', () => {
  it('writes text, bytes and chunks', async () => {
    const path = join(folder, 'file');
    await writeFileAtomic(path, 'naïve');
    expect(readFileSync(path, 'utf8')).toBe('naïve');
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    expect([...readFileSync(path)]).toEqual([1, 2, 3]);
    await writeFileAtomic(path, [Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3)]);
    expect([...readFileSync(path)]).toEqual([1, 2, 3]);
    await writeFileAtomic(
      path,
      (async function* () {
        yield Uint8Array.of(9, 8, 7, 6).subarray(1, 3);
      })(),
    );
    expect([...readFileSync(path)]).toEqual([8, 7]);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('does not show the new contents before they are complete', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'old');
    const seen: string[] = [];
    await writeFileAtomic(
      path,
      (async function* () {
        yield Buffer.from('new, ');
        seen.push(readFileSync(path, 'utf8'));
        yield Buffer.from('all of it');
      })(),
    );
    expect(seen).toEqual(['old']);
    expect(readFileSync(path, 'utf8')).toBe('new, all of it');
  });

  it('keeps permissions and follows a link', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'old');
    chmodSync(path, 0o666);
    symlinkSync(path, join(folder, 'link'));
    await writeFileAtomic(join(folder, 'link'), 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o777).toBe(0o666);
    expect(readdirSync(folder).sort()).toEqual(['file', 'link']);
  });

  it('keeps the old file and tidies up when a chunk cannot be produced', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'old');
    const mistake = new RangeError('no more chunks');
    const chunks = function* () {
      yield Buffer.from('half');
      throw mistake;
    };
    expect(await errorOf(writeFileAtomic(path, chunks()))).toBe(mistake);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('says so in one sentence when the disk is full, and keeps the old file', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'old');
    const probe = await open(path);
    const methods = Object.getPrototypeOf(probe) as typeof probe;
    await probe.close();
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    vi.spyOn(methods, 'writeFile').mockResolvedValueOnce(undefined).mockRejectedValueOnce(full);

    const error = await errorOf(writeFileAtomic(path, [Buffer.from('one'), Buffer.from('two')]));
    expect(error).toBeInstanceOf(TsgptError);
    expect((error as Error).message).toBe(
      `cannot write ${path}: the disk is full, the previous file is kept; free some space and try again`,
    );
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('refuses a missing folder, a folder and a device', async () => {
    const missing = await errorOf(writeFileAtomic(join(folder, 'none', 'file'), 'x'));
    expect((missing as Error).message).toContain(`there is no folder ${join(folder, 'none')}; create it first`);
    for (const path of [folder, '/dev/null'].filter(existsSync)) {
      const error = await errorOf(writeFileAtomic(path, 'x'));
      expect(error).toBeInstanceOf(TsgptError);
      expect((error as Error).message).toContain('it is a folder or a device');
    }
    expect(readdirSync(folder)).toEqual([]);
  });
});

/** Mounting a file system of one megabyte needs Linux and root; elsewhere the injected failure above stands in. */
const disk = smallDisk('1m');

describe.skipIf(disk === undefined)('writeFileAtomic on a disk of one megabyte', () => {
  it('leaves the old file whole when the new one does not fit', async () => {
    try {
      const path = join(disk!, 'checkpoint');
      const old = Buffer.alloc(700_000, 1);
      await writeFileAtomic(path, old);
      // It fits by itself, but not beside the old one: the write comes to its end half-way through a chunk.
      for (const contents of [Buffer.alloc(700_000, 2), [Buffer.alloc(200_000, 2), Buffer.alloc(500_000, 2)]]) {
        const error = await errorOf(writeFileAtomic(path, contents));
        expect(error).toBeInstanceOf(TsgptError);
        expect((error as Error).message).toContain('the disk is full, the previous file is kept');
        expect(readFileSync(path).equals(old)).toBe(true);
        expect(readdirSync(disk!)).toEqual(['checkpoint']);
      }
      await writeFileAtomic(path, Buffer.alloc(300_000, 3));
      expect(statSync(path).size).toBe(300_000);
    } finally {
      execFileSync('umount', [disk!]);
      rmSync(disk!, { recursive: true });
    }
  });
});
