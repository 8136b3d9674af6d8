import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { CharTokenizer, CharVocabulary } from '../../../src/tokenizer/char.ts';
import { anyText } from '../../support/texts.ts';

describe('CharTokenizer', () => {
  it('numbers characters by code point', () => {
    // U+FFFD comes before an emoji, though its UTF-16 code is larger than the emoji's first half.
    const tokenizer = CharTokenizer.fromText('ba\u{1f600}\ufffd ab');
    expect(tokenizer.vocabSize).toBe(5);
    expect(tokenizer.encode(' ab\ufffd\u{1f600}')).toEqual([0, 1, 2, 3, 4]);
    expect(tokenizer.toJSON()).toEqual({ kind: 'char', characters: ' ab\ufffd\u{1f600}' });
  });

  it('gives every text back', () => {
    fc.assert(
      fc.property(
        anyText.filter((text) => text !== ''),
        (text) => {
          const tokenizer = CharTokenizer.fromText(text);
          const ids = tokenizer.encode(text);
          expect(ids.length).toBe([...text].length);
          expect(tokenizer.decode(ids)).toBe(text);
        },
      ),
    );
  });

  it('has no special tokens', () => {
    const tokenizer = CharTokenizer.fromText('<|endoftext|>');
    expect(tokenizer.encode('<|endoftext|>')).toHaveLength(13);
    expect('endOfTextId' in tokenizer).toBe(false);
  });

  it('keeps the order of a given vocabulary', () => {
    expect(new CharTokenizer('ba').encode('ab')).toEqual([1, 0]);
  });

  it('reads half a surrogate pair as U+FFFD', () => {
    const tokenizer = CharTokenizer.fromText('a\ud83d');
    expect(tokenizer.encode('\ude00a')).toEqual([1, 0]);
    expect(tokenizer.decode([1, 0])).toBe('\ufffda');
  });

  it('names an unknown character and its position', () => {
    const tokenizer = CharTokenizer.fromText('abc');
    expect(() => tokenizer.encode('abß')).toThrow(TsgptError);
    expect(() => tokenizer.encode('abß')).toThrow(/"ß" \(U\+00DF\) at position 2 .* train on a text that has it/);
    expect(() => tokenizer.encode('\u{1f600}')).toThrow('"\u{1f600}" (U+1F600) at position 0');
  });

  it('says if it knows a letter in another Unicode form', () => {
    const [composed, decomposed] = ['é\u1e69', 'e\u0301s\u0323\u0307'];
    expect(() => CharTokenizer.fromText(composed).encode('é e\u0301')).toThrow('" " (U+0020)');
    for (const text of ['e\u0301', 's\u0323\u0307', 's\u0307\u0323']) {
      expect(() => CharTokenizer.fromText(`es${composed}`).encode(text)).toThrow('bring the text to that form, NFC');
    }
    for (const text of ['aé', 'a\u1e69']) {
      expect(() => CharTokenizer.fromText(`a${decomposed}`).encode(text)).toThrow('bring the text to that form, NFD');
    }
    expect(() => CharTokenizer.fromText('ae').encode('é')).toThrow('leave it out');
  });

  it('refuses an empty or ambiguous vocabulary', () => {
    expect(() => CharTokenizer.fromText('')).toThrow(TsgptError);
    expect(() => new CharTokenizer('aba')).toThrow(/twice/);
  });

  it('refuses token ids out of range', () => {
    expect(() => CharTokenizer.fromText('ab').decode([2])).toThrow('token id 2 is not in the vocabulary');
  });
});

describe('CharVocabulary', () => {
  it('is the same however the text is cut', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.integer({ min: 1, max: 5 }), (text, size) => {
        const vocabulary = new CharVocabulary();
        for (let i = 0; i < text.length; i += size) vocabulary.add(text.slice(i, i + size));
        expect(vocabulary.build().toJSON()).toEqual(CharTokenizer.fromText(text).toJSON());
      }),
    );
  });
});
