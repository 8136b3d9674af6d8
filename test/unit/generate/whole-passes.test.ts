import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import {
  Decoder,
  type GenerateTokensOptions,
  generate,
  generateBatch,
  type NextTokenModel,
} from '../../../src/generate/index.ts';
import { onesInit, Parameter } from '../../../src/nn/index.ts';
import { errorOf, tinyModel, tinyTokenizer } from '../../support/tiny.ts';

const model = tinyModel({ nLayers: 2 });
// Sharper choices than a fresh model makes.
for (const parameter of model.parameters()) parameter.value = parameter.value.map((x) => x * 3);

/** The same model without the means to cache keys and values. */
const withoutCache: NextTokenModel = {
  config: model.config,
  features: (tokens) => model.features(tokens),
  unembed: (features) => model.unembed(features),
};

async function written(of: NextTokenModel, prompts: number[][], options: GenerateTokensOptions) {
  const texts: (number | undefined)[][] = prompts.map(() => []);
  for await (const tokens of generateBatch(of, prompts, options)) {
    for (const [i, token] of tokens.entries()) texts[i]!.push(token?.id);
  }
  return texts;
}

describe('writing with a model that has no cache', () => {
  it.each<[string, number[][], GenerateTokensOptions]>([
    ['one text', [[1, 2, 3]], { maxTokens: 5 }],
    ['the likeliest tokens', [[1, 2, 3]], { maxTokens: 5, temperature: 0 }],
    ['texts of several lengths', [[1], [1, 2, 3, 4, 5], [7, 7]], { maxTokens: 3 }],
    ['texts of which some end', [[1], [1, 2, 3, 4, 5], [7, 7]], { maxTokens: 3, stopTokens: [0, 1, 2, 3] }],
    ['a text longer than the context', [[1, 2, 3, 4, 5, 6, 7, 0, 1, 2]], { maxTokens: 20 }],
    ['a text whose first token stays', [[1, 2, 3]], { maxTokens: 20, keepFirst: 1 }],
  ])('gives what the same model gives with one: %s', async (_, prompts, options) => {
    const texts = await written(withoutCache, prompts, { seed: 3, ...options });
    expect(texts).toEqual(await written(model, prompts, { seed: 3, ...options }));
    expect(texts.flat().length).toBeGreaterThan(2);
  });

  it('builds a graph for few lengths only', async () => {
    const lengths = new Set<number>();
    const counting: NextTokenModel = {
      ...withoutCache,
      features: (tokens) => {
        lengths.add(tokens.shape[1]!);
        return model.features(tokens);
      },
    };
    await written(counting, [[1]], { maxTokens: 8 });
    expect([...lengths]).toEqual([1, 2, 4, 8]);
  });

  it('works for a model that is no transformer at all', async () => {
    // What follows a token depends on this token alone: 1 after 0, 2 after 1, ...
    const table = new Parameter([8, 8], onesInit);
    table.value = Float32Array.from({ length: 64 }, (_, i) => (i % 8 === (Math.floor(i / 8) + 1) % 8 ? 9 : 0));
    const bigrams: NextTokenModel = {
      config: { vocabSize: 8, contextLength: 4 },
      features: (tokens) => table.rows(tokens),
      unembed: (features) => features,
    };
    let text = '';
    for await (const piece of generate(bigrams, tinyTokenizer, 'ab', { maxTokens: 7, temperature: 0 })) text += piece;
    expect(text).toBe('cdefgha');
  });

  it('takes no cache of keys and values', async () => {
    await using decoder = new Decoder(model);
    const error = await errorOf(written(withoutCache, [[1, 2]], { cache: decoder.createCache() }));
    expect(error).toBeInstanceOf(TsgptError);
    expect(error.message).toBe('a model without keys and values has no use for a cache; leave it out');
  });

  it('refuses tokens that the model does not have', async () => {
    const error = await errorOf(written(withoutCache, [[1, 8]], {}));
    expect(error).toBeInstanceOf(TsgptError);
    expect(error.message).toBe("token id 8 is not one of the model's 8 tokens");
  });
});
