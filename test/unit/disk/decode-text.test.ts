import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { decodeText } from '../../../src/disk/decode-text.ts';
import { anyText } from '../../support/texts.ts';

const encodings = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'shift_jis', 'euc-jp', 'gb18030', 'big5', 'euc-kr'];

describe('decodeText', () => {
  it('gives every text back, with and without a byte order mark', async () => {
    const texts = anyText.filter((text) => !text.startsWith('\ufeff'));
    await fc.assert(
      fc.asyncProperty(texts, fc.boolean(), async (text, isMarked) => {
        const marked = isMarked ? `\ufeff${text}` : text;
        const littleEndian = Buffer.from(marked, 'utf16le');
        expect(await decodeText('x', Buffer.from(marked))).toBe(text);
        expect(await decodeText('x', littleEndian, isMarked ? undefined : 'utf-16le')).toBe(text);
        expect(await decodeText('x', Buffer.from(littleEndian).swap16(), isMarked ? undefined : 'utf-16be')).toBe(text);
      }),
    );
  });

  it('gives a text or says where the bytes are invalid', async () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ min: 0x80, maxLength: 40 }));
    await fc.assert(
      fc.asyncProperty(bytes, fc.constantFrom(...encodings), async (some, encoding) => {
        const result = await decodeText('x', some, encoding).catch((error) => error);
        if (typeof result === 'string') {
          expect(result).not.toMatch(/\p{Surrogate}/u);
          return;
        }
        expect(result).toBeInstanceOf(TsgptError);
        if (result.message.includes('UTF-32')) return;
        const place = Number(/\(near byte (\d+)\)/.exec(result.message)![1]);
        expect(place).toBeLessThanOrEqual(some.length);
        // Up to that place everything is in order, but for a character that is not complete yet.
        const marked =
          some[0] === 0xff && some[1] === 0xfe
            ? 'utf-16le'
            : some[0] === 0xfe && some[1] === 0xff
              ? 'utf-16be'
              : encoding;
        const before = new TextDecoder(marked, { fatal: true });
        expect(() => before.decode(some.subarray(0, place), { stream: true })).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});
