import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../../src/core/errors.ts';
import { saveTokenizer } from '../../../../src/disk/save-tokenizer.ts';
import { trainTokenizerOnText } from '../../../../src/disk/tokenizer-training/train-on-text.ts';
import { textSourceOf } from '../../../../src/text/index.ts';
import { trainTokenizer } from '../../../../src/tokenizer/index.ts';
import { smallDisk } from '../../../support/small-disk.ts';
import { errorOf } from '../../../support/tiny.ts';

/** Mounting a file system needs Linux and root. */
const disk = smallDisk('300k');

describe.skipIf(disk === undefined)('on a full disk', () => {
  it('a tokenizer is trained or not, in one sentence, and nothing is left behind', async () => {
    try {
      // So many different words that they find no room in the least memory.
      const words = Array.from({ length: 900_000 }, (_, i) => `w${Math.imul(i, 2654435761) >>> 0}`.replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!)); // biome-ignore format: a list
      const source = textSourceOf(words.join(' '), { chunkLength: 2 ** 18 });
      const options = { vocabSize: 300, threads: 1, memory: 320e6, temporaryFolder: disk! };
      const error = await errorOf(trainTokenizerOnText(source, options));
      expect(error).toBeInstanceOf(TsgptError);
      expect(error.message).toMatch(
        /^cannot write rare words to .*: the disk is full; make room there, or allow more memory$/,
      );
      expect(readdirSync(disk!)).toEqual([]);

      const tokenizer = await trainTokenizer([words.slice(0, 20_000).join(' ')], { vocabSize: 9000 });
      const saving = await errorOf(saveTokenizer(join(disk!, 'tokenizer'), tokenizer));
      expect(saving).toBeInstanceOf(TsgptError);
      expect(saving.message).toContain('the disk is full');
      expect(readdirSync(disk!)).toEqual([]);
    } finally {
      execFileSync('umount', [disk!]);
      rmSync(disk!, { recursive: true });
    }
  }, 120_000);
});
