import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unescaped } from '../../../src/cli/flags.ts';

describe('unescaped', () => {
  it.each([
    ['plain', 'plain'],
    ['\\n\\r\\t', '\n\r\t'],
    ['\\\\n', '\\n'],
    ['\\\\\\n', '\\\n'],
    ['\\u00e9\\u{e9}\\u00E9', 'ééé'],
    ['\\ud83d\\ude00 \\u{1F600}', '\u{1f600} \u{1f600}'],
    ['\\u0041BC', 'ABC'],
  ])('%s', (written, text) => {
    expect(unescaped(written)).toBe(text);
  });

  it('gives every text back from its escapes', () => {
    const inEscapes = (text: string) =>
      Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
        expect(unescaped(inEscapes(text))).toBe(text);
        expect(unescaped(text.replaceAll('\\', '\\\\'))).toBe(text);
      }),
    );
  });
});
