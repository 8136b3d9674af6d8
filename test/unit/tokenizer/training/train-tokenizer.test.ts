import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tokenizerFromJSON, trainTokenizer } from '../../../../src/tokenizer/index.ts';

const story = 'The cat sat on the mat. The cat saw the dog, and the dog saw the cat. "Hello!" said the cat.\n'.repeat(
  20,
);

describe('a trained tokenizer', () => {
  test('has the bytes, the learned tokens and the special ones, and gives every text back', async () => {
    const tokenizer = await trainTokenizer([story], { vocabSize: 280 });
    expect(tokenizer.vocabSize).toBe(280);
    expect(tokenizer.endOfTextId).toBe(279);
    expect([...tokenizer.tokenBytes(65)]).toEqual([65]);
    expect(tokenizer.encode('the cat').length).toBeLessThan(4);
    expect(tokenizer.encode('<|endoftext|>', { allowSpecial: true })).toEqual([279]);
    expect(tokenizer.encode('<|endoftext|>')).not.toContain(279);
    const copy = tokenizerFromJSON(tokenizer.toJSON());
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const ids = tokenizer.encode(text);
        expect(tokenizer.decode(ids)).toBe(text);
        expect(copy.encode(text)).toEqual(ids);
      }),
    );
  });

  test.each(['gpt2', 'cl100k', 'llama3', { regex: '\\p{L}+' }] as const)(
    'cuts words by the pattern %j',
    async (pattern) => {
      const text = "I'LL buy 12345 cats.\r\n\r\nAnd they'll sing!".repeat(50);
      const tokenizer = await trainTokenizer([text], { vocabSize: 400, pattern });
      const tokens = tokenizer.encode('12345').map((id) => tokenizer.decode([id]));
      const expected = { gpt2: ['12345'], cl100k: ['123', '45'], llama3: ['123', '45'] };
      if (typeof pattern === 'string') expect(tokens).toEqual(expected[pattern]);
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      for (let id = 0; id < tokenizer.vocabSize - 1; id++) {
        const piece = tokenizer.decode([id]);
        if (pattern === 'gpt2') expect(piece).not.toMatch(/\S\s/);
        if (pattern === 'cl100k') expect(piece).not.toMatch(/\d{4}/);
      }
    },
  );

  test('never merges a special token, nor across one', async () => {
    const text = 'ab<|sep|>cd<|endoftext|>'.repeat(100);
    const tokenizer = await trainTokenizer([text], { vocabSize: 1000, specialTokens: ['<|endoftext|>', '<|sep|>'] });
    expect(tokenizer.vocabSize).toBe(256 + 2 + 2); // ab and cd are all there is to learn
    const [ab, separator, cd, end] = tokenizer.encode(text, { allowSpecial: true });
    expect([ab, cd].toSorted()).toEqual([256, 257]);
    expect([end, separator]).toEqual([258, 259]);
  });

  test('does not depend on the order of the texts, nor on where they come from', async () => {
    const texts = story.split('\n');
    const json = async (given: Iterable<string> | AsyncIterable<string>) =>
      (await trainTokenizer(given, { vocabSize: 320 })).toJSON();
    const one = await json(texts);
    expect(await json(texts.toReversed())).toEqual(one);
    const stream = async function* () {
      yield* texts;
    };
    expect(await json(stream())).toEqual(one);
  });

  test('says what is wrong with its options', async () => {
    const training = (options: object) => trainTokenizer(['a'], { vocabSize: 300, ...options } as never);
    for (const [options, message] of [
      [{ vocabSize: 256 }, 'vocabSize must be a whole number from 257'],
      [{ pattern: 'gpt4' }, "there is no pattern 'gpt4'; choose gpt2, cl100k, llama3, or give { regex }"],
      [{ specialTokens: ['<a>', '<a>'] }, 'special tokens must be different texts'],
      [{ pattern: { regex: '(' } }, 'has no equivalent in JavaScript'],
      [{ vocabsize: 300 }, 'trainTokenizer has no option vocabsize; did you mean vocabSize?'],
    ] as const) {
      await expect(training(options)).rejects.toThrow(message);
    }
  });
});
