import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decoder } from '../../../src/generate/index.ts';
import { measurePerplexity, type PerplexityOptions, type PerplexityResult } from '../../../src/measure/index.ts';
import type { LanguageModel } from '../../../src/models/index.ts';
import { type TextSource, textSourceOf } from '../../../src/text/index.ts';
import { CharTokenizer, GPT2Tokenizer, type Tokenizer } from '../../../src/tokenizer/index.ts';
import {
  logSoftmax64,
  opinionatedModel,
  sourceOfDocuments,
  uniformModel,
  wholePass,
} from '../../support/measured-models.ts';

const tokenizer = new CharTokenizer('\nabcdefg');
const model = opinionatedModel({ contextLength: 12 });
const letters = (length: number, step = 3) =>
  Array.from({ length }, (_, i) => 'abcdefg'[(i * i * step + i) % 7]).join('');

async function all(
  text: string | TextSource,
  options: PerplexityOptions = {},
  by: LanguageModel | Decoder = model,
  reader: Tokenizer = tokenizer,
): Promise<PerplexityResult[]> {
  const results: PerplexityResult[] = [];
  const source = typeof text === 'string' ? textSourceOf(text) : text;
  for await (const result of measurePerplexity(by, reader, source, options)) results.push(result);
  return results;
}
const measure = async (...args: Parameters<typeof all>) => (await all(...args)).at(-1)!;

/** The losses of all tokens of `ids` but the first by the definition: whole passes over windows. */
async function lossesByDefinition(ids: readonly number[], contextLength: number, stride: number, unscored = 1) {
  const losses: number[] = [];
  for (let begin = 0, next = unscored; next < ids.length; begin += stride) {
    const end = Math.min(begin + contextLength + 1, ids.length);
    const logits = await wholePass(model, ids.slice(begin, end - 1));
    for (; next < end; next++) losses.push(-logSoftmax64(logits[next - 1 - begin]!)[ids[next]!]!);
  }
  return losses;
}
const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;

describe('the perplexity of a text', () => {
  it('is that of the definition, whatever the windows', async () => {
    const decoder = new Decoder(model, { chunkSize: 5 });
    const cases = fc.record({
      text: fc.string({ unit: fc.constantFrom(...'\nabcdefg'), minLength: 2, maxLength: 40 }),
      contextLength: fc.integer({ min: 1, max: 12 }),
      stride: fc.nat(),
    });
    const attempt = fc.asyncProperty(cases, async ({ text, contextLength, stride: any }) => {
      const stride = 1 + (any % contextLength);
      const { tokens, loss, perplexity, interval } = await measure(text, { contextLength, stride }, decoder);
      const expected = await lossesByDefinition(tokenizer.encode(text), contextLength, stride);
      expect(tokens).toBe(text.length - 1);
      expect(loss.value).toBeCloseTo(meanOf(expected), 4);
      expect(perplexity).toBe(Math.exp(loss.value));
      if (tokens === 1) return;
      const variance = expected.reduce((sum, value) => sum + (value - meanOf(expected)) ** 2, 0) / (tokens - 1);
      expect(loss.standardError).toBeCloseTo(Math.sqrt(variance / tokens), 3);
      expect(interval[0]).toBeLessThanOrEqual(perplexity);
      expect(interval[1]).toBeGreaterThanOrEqual(perplexity);
    });
    await fc.assert(attempt, { numRuns: 40 });
  });

  it('uses the whole context and half of it as the stride unless told otherwise', async () => {
    const text = letters(50);
    expect(await measure(text)).toEqual(await measure(text, { contextLength: 12, stride: 6 }));
    expect(await measure(text)).not.toEqual(await measure(text, { stride: 12 }));
    expect(await measure(text, { contextLength: 1 })).toEqual(await measure(text, { contextLength: 1, stride: 1 }));
    expect(await measure(text, { contextLength: 5 })).toMatchObject({ contextLength: 5, stride: 2 });
  });

  it('by a model that knows nothing is the number of its tokens', async () => {
    const result = await measure(letters(100), {}, uniformModel());
    expect(result.perplexity).toBeCloseTo(8, 5);
    expect(result.loss.standardError).toBeLessThan(1e-6);
    expect(result.bitsPerByte).toBeCloseTo(3, 5); // log2 of 8
    expect(result.bitsPerCharacter).toBeCloseTo(3, 5);
    expect(result).toMatchObject({ tokens: 99, bytes: 99, characters: 99 });
  });

  it('is divided by bytes and characters of what was predicted', async () => {
    const result = await measure('aé日a', {}, uniformModel(), new CharTokenizer('abcdefé日'));
    expect(result).toMatchObject({ tokens: 3, bytes: 2 + 3 + 1, characters: 3 });
    expect(result.bitsPerByte).toBeCloseTo((3 * 3) / 6, 5);
    expect(result.bitsPerCharacter).toBeCloseTo(3, 5);
  });

  it('of the first tokens is that of a shorter text', async () => {
    const text = letters(60);
    for (const limit of [1, 2, 11, 12, 13, 30, 59, 60, 1000]) {
      const result = await measure(text, { limit });
      expect(result).toEqual(await measure(text.slice(0, limit + 1)));
      expect(result.tokens).toBe(Math.min(limit, 59));
    }
  });

  it('counts the first token of a text if all texts begin with special tokens', async () => {
    const begins = (...beginOfTextIds: number[]): Tokenizer =>
      Object.assign(new CharTokenizer('\nabcdefg'), { beginOfTextIds });
    for (const begin of [[0], [0, 3]]) {
      const result = await measure('fade', { stride: 12 }, model, begins(...begin));
      const ids = [...begin, ...tokenizer.encode('fade')];
      expect(result).toMatchObject({ tokens: 4, bytes: 4 });
      expect(result.loss.value).toBeCloseTo(meanOf(await lossesByDefinition(ids, 12, 12, begin.length)), 4);
      expect((await measure('fade', { limit: 2 }, model, begins(...begin))).tokens).toBe(2);
    }
    expect((await measure('f', {}, model, begins(0))).tokens).toBe(1);
  });

  it('has the tokens that all texts begin with in each window, or only in the first', async () => {
    const text = letters(60);
    const ids = tokenizer.encode(text);
    const cases = fc.record({
      begin: fc.constantFrom([0], [0, 3]),
      contextLength: fc.integer({ min: 3, max: 12 }),
      stride: fc.nat(),
    });
    const attempt = fc.asyncProperty(cases, async ({ begin, contextLength, stride: any }) => {
      const reader: Tokenizer = Object.assign(new CharTokenizer('\nabcdefg'), { beginOfTextIds: begin });
      const stride = 1 + (any % contextLength);
      const room = contextLength - begin.length;
      const each: number[] = [];
      for (let start = 0, next = 0; next < ids.length; start += Math.min(stride, room)) {
        const end = Math.min(start + room + 1, ids.length);
        const logits = await wholePass(model, [...begin, ...ids.slice(start, end - 1)]);
        for (; next < end; next++) each.push(-logSoftmax64(logits[next - 1 - start + begin.length]!)[ids[next]!]!);
      }
      const first = await lossesByDefinition([...begin, ...ids], contextLength, stride, begin.length);
      for (const [options, losses] of [
        [{}, each],
        [{ beginOfText: 'each' }, each],
        [{ beginOfText: 'first' }, first],
      ] as const) {
        const result = await measure(text, { contextLength, stride, ...options }, model, reader);
        expect(result.tokens).toBe(text.length);
        expect(result.loss.value).toBeCloseTo(meanOf(losses), 4);
      }
    });
    await fc.assert(attempt, { numRuns: 12 });
    const wide = Object.assign(new CharTokenizer('\nabcdefg'), { beginOfTextIds: [0, 3] });
    await expect(measure(text, { contextLength: 2 }, model, wide)).rejects.toThrow(
      'the context length must be more than the 2 tokens at the beginning of every window, but is 2',
    );
    await expect(measure(text, { beginOfText: 'all' as 'each' })).rejects.toThrow(
      "beginOfText must be each or first, but is 'all'",
    );
  });

  it('of several documents has the end of a text between them', async () => {
    const gpt2 = new GPT2Tokenizer();
    const uniform = uniformModel({ vocabSize: gpt2.vocabSize });
    const result = await measure(sourceOfDocuments('a cat', 'a dog'), {}, uniform, gpt2);
    expect(result).toMatchObject({ tokens: 4, bytes: 4 + 5 });
    expect(result.perplexity / gpt2.vocabSize).toBeCloseTo(1, 4);
  });

  it('reads no more of a text than it needs, however long that is', async () => {
    const chunks = async function* () {
      for (;;) yield { text: letters(1000), bytes: 1000 };
    };
    const document = { path: 'endless', bytes: Number.POSITIVE_INFINITY, chunks };
    const endless: TextSource = { path: 'endless', documents: [document], bytes: Number.POSITIVE_INFINITY };
    expect((await measure(endless, { limit: 1500, stride: 12 })).tokens).toBe(1500);
  });

  it('is reported after every window, and kept when a signal ends the measurement', async () => {
    const text = letters(60);
    const results = await all(text);
    expect(results.map(({ tokens }) => tokens)).toEqual([12, 18, 24, 30, 36, 42, 48, 54, 59]);
    const controller = new AbortController();
    const heard: PerplexityResult[] = [];
    for await (const result of measurePerplexity(model, tokenizer, textSourceOf(text), { signal: controller.signal })) {
      if (heard.push(result) === 3) controller.abort();
    }
    expect(heard).toEqual(results.slice(0, 3));
    expect(await all(text, { signal: AbortSignal.abort() })).toEqual([]);
  });

  it('keeps a decoder it is given', async () => {
    const decoder = new Decoder(model);
    const first = await measure(letters(30), {}, decoder);
    expect(await measure(letters(30), {}, decoder)).toEqual(first);
    await decoder.dispose();
    await expect(measure(letters(30), {}, decoder)).rejects.toThrow('disposed');
  });

  it.each([
    ['a', {}, 'the text has only 1 token, and the first one cannot be predicted'],
    ['', {}, 'the text has only 0 tokens'],
    [
      'abc',
      { stride: 13 },
      'the stride must be from 1 to the context length of 12, or tokens would be left out, but is 13',
    ],
    ['abc', { contextLength: 4, stride: 5 }, 'the context length of 4'],
    ['abc', { stride: 0 }, 'is 0'],
    ['abc', { stride: 1.5 }, 'is 1.5'],
    ['abc', { contextLength: 13 }, 'must be from 1 to the 12 tokens that the model sees, but is 13'],
    ['abc', { contextLength: 0 }, 'is 0'],
    ['abc', { limit: 0 }, 'the limit must be a whole number of at least 1, but is 0'],
    ['abc', { limit: 2.5 }, 'is 2.5'],
    ['abx', {}, 'the character "x"'],
  ])('of %j with %j is a mistake with a name', async (text, options, message) => {
    await expect(all(text, options)).rejects.toThrow(message);
    await expect(all(text, options)).rejects.toMatchObject({ name: 'TsgptError' });
  });
});
