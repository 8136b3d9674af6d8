import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { writeFolderAtomic } from '../../../src/disk/atomic-folder.ts';
import { temporaryFolder } from '../../support/tiny.ts';

/** Writes a folder with two files that say who wrote them. */
async function write(folder: string, writer: string): Promise<void> {
  const fill = async (temporary: string) => {
    for (const name of ['a', 'b']) {
      await writeFile(join(temporary, name), writer);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
    }
  };
  await writeFolderAtomic(folder, fill, { mayReplace: (file) => ['a', 'b'].includes(file) });
}

describe('a folder that several write at the same time', () => {
  it.each(['new', 'there already'])('is in the end that of one of them, and whole: %s', async (start) => {
    for (let round = 0; round < 30; round++) {
      const place = temporaryFolder();
      const folder = join(place, 'model');
      if (start !== 'new') await write(folder, 'before');
      const writers = ['one', 'two', 'three', 'four'];
      const outcomes = await Promise.allSettled(writers.map((writer) => write(folder, writer)));
      const winners = writers.filter((_, i) => outcomes[i]!.status === 'fulfilled');
      expect(winners.length).toBeGreaterThan(0);
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        expect(outcome.reason).toBeInstanceOf(TsgptError);
        expect(outcome.reason.message).toContain('another process has written it meanwhile');
      }
      const [a, b] = ['a', 'b'].map((name) => readFileSync(join(folder, name), 'utf8'));
      expect(b).toBe(a);
      expect(winners).toContain(a);
      expect(readdirSync(place)).toEqual(['model']);
    }
  });
});
