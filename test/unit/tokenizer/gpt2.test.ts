import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { Random } from '../../../src/random/random.ts';
import { GPT2Tokenizer } from '../../../src/tokenizer/gpt2.ts';
import { anyText } from '../../support/texts.ts';

const tokenizer = new GPT2Tokenizer();

describe('GPT2Tokenizer', () => {
  it.each([
    ['Hello, I am', [15496, 11, 314, 716]],
    ['Every effort moves you', [6109, 3626, 6100, 345]],
    ['Every day holds a', [6109, 1110, 6622, 257]],
    ['', []],
  ])('encodes %j as OpenAI does', (text, ids) => {
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.decode(ids)).toBe(text);
  });

  // Where JavaScript's \s and Unicode's white space differ. The ids are those of tiktoken with GPT-2's vocabulary.
  it.each([
    ['\ufeffabc', [171, 119, 123, 39305]],
    [' \ufeff b', [27332, 119, 123, 275]],
    ['\u0085 a', [126, 227, 257]],
    ['a \u0085b', [64, 220, 126, 227, 65]],
    ['a\u001c\u001cb', [64, 216, 216, 65]],
  ])('takes white space as Unicode defines it in %j', (text, ids) => {
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.decode(ids)).toBe(text);
  });

  it('leaves the last of several spaces to the next word', () => {
    expect(tokenizer.encode('a   b').map((id) => tokenizer.decode([id]))).toEqual(['a', ' ', ' ', ' b']);
  });

  it('gives every text back', () => {
    fc.assert(fc.property(anyText, (text) => tokenizer.decode(tokenizer.encode(text)) === text));
  });

  it('reads half a surrogate pair as U+FFFD', () => {
    expect(tokenizer.encode('a\ud83d b\ude00')).toEqual(tokenizer.encode('a\ufffd b\ufffd'));
  });

  it('reads special tokens only when told to', () => {
    expect(tokenizer.encode('x<|endoftext|>')).toEqual([87, 27, 91, 437, 1659, 5239, 91, 29]);
    const allowSpecial = true;
    expect(tokenizer.encode('x<|endoftext|><|endoftext|>y', { allowSpecial })).toEqual([87, 50256, 50256, 88]);
    expect(tokenizer.encode('<|endoftext|> a', { allowSpecial })).toEqual([50256, 257]);
    expect(tokenizer.decode([87, 50256])).toBe('x<|endoftext|>');
  });

  it('has 50,257 tokens', () => {
    expect(tokenizer.vocabSize).toBe(50_257);
    expect(tokenizer.endOfTextId).toBe(50_256);
    expect(tokenizer.decode([50_256])).toBe('<|endoftext|>');
    for (let id = 0; id < tokenizer.vocabSize; id++) expect(tokenizer.tokenBytes(id).length).toBeGreaterThan(0);
  });

  it.each([-1, 50_257, 1.5, Number.NaN])('refuses token id %d', (id) => {
    expect(() => tokenizer.tokenBytes(id)).toThrow(TsgptError);
    expect(() => tokenizer.decode([id])).toThrow(/token id .* give ids from 0 to 50256/);
  });

  it('decodes bytes that are not UTF-8 as U+FFFD', () => {
    const [first] = tokenizer.encode('\u{1f600}');
    expect(tokenizer.decode([first!, 64])).toBe('\ufffda');
  });

  it('encodes a very long word in little more than linear time', () => {
    const random = new Random(1);
    const word = Array.from({ length: 400_000 }, () => String.fromCharCode(97 + random.integer(26))).join('');
    const start = performance.now();
    expect(tokenizer.decode(tokenizer.encode(word))).toBe(word);
    // It takes less than a second; quadratic time would be minutes.
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});
