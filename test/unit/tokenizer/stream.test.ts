import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CharTokenizer } from '../../../src/tokenizer/char.ts';
import { GPT2Tokenizer } from '../../../src/tokenizer/gpt2.ts';
import type { Tokenizer } from '../../../src/tokenizer/tokenizer.ts';
import { anyText } from '../../support/texts.ts';

const gpt2 = new GPT2Tokenizer();

/** The pieces in which a stream decoder gives `ids` back. */
function stream(tokenizer: Tokenizer, ids: number[]): string[] {
  const decoder = tokenizer.streamDecoder();
  return [...ids.map((id) => decoder.push(id)), decoder.end()];
}

describe('streamDecoder', () => {
  it('gives whole characters only, and in the end the whole text', () => {
    const wellFormed = anyText.filter((text) => text !== '' && !text.includes('\ufffd'));
    fc.assert(
      fc.property(wellFormed, (text) => {
        for (const tokenizer of [gpt2, CharTokenizer.fromText(text)]) {
          const pieces = stream(tokenizer, tokenizer.encode(text));
          expect(pieces.join('')).toBe(text);
          // A piece that ended inside a character would hold U+FFFD, or half a surrogate pair.
          for (const piece of pieces) expect(piece).not.toMatch(/\ufffd|\p{Cs}/u);
        }
      }),
    );
  });

  it('equals decode for any tokens', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50_256 })), (ids) => {
        expect(stream(gpt2, ids).join('')).toBe(gpt2.decode(ids));
      }),
    );
    // Single bytes make invalid UTF-8 of every kind.
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 255 })), (ids) => {
        expect(stream(gpt2, ids).join('')).toBe(gpt2.decode(ids));
      }),
    );
  });

  it('holds an emoji back until its last byte', () => {
    const ids = gpt2.encode('\u{1f600}');
    expect(ids.length).toBeGreaterThan(1);
    expect(stream(gpt2, ids)).toEqual([...ids.slice(1).map(() => ''), '\u{1f600}', '']);
    expect(stream(gpt2, ids.slice(0, 1))).toEqual(['', '\ufffd']);
  });
});
