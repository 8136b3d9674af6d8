import { describe, expect, it } from 'vitest';
import { bundledNovelPath } from '../../../src/disk/bundled.ts';
import { openText } from '../../../src/disk/open-text.ts';
import { encodeText, scanCharacters } from '../../../src/text/index.ts';

describe('the bundled novel', () => {
  it('is the whole of Pride and Prejudice as plain text', async () => {
    const source = await openText(bundledNovelPath());
    const tokenizer = await scanCharacters(source);
    const text = tokenizer.decode(await encodeText(source, tokenizer));
    expect(text).toMatch(/^PRIDE AND PREJUDICE\n\nBy Jane Austen\n/);
    expect(text).toMatch(/had been the means of uniting them\.\n$/);
    expect(text.match(/^Chapter \d+$/gm)).toEqual(Array.from({ length: 61 }, (_, i) => `Chapter ${i + 1}`));
    expect(text).toMatch(/^[\n\x20-\x7e]*$/);
  });
});
