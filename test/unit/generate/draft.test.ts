import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { AcceptanceRate, type Draft } from '../../../src/generate/draft.ts';
import {
  Decoder,
  type GenerateTokensOptions,
  generateBatch,
  generateTokens,
  LookupDraft,
  ModelDraft,
} from '../../../src/generate/index.ts';
import { draw, tokenProbabilities } from '../../../src/generate/sampling.ts';
import { chooseWithGuess } from '../../../src/generate/speculate.ts';
import { GPT2 } from '../../../src/models/index.ts';
import { Random } from '../../../src/random/random.ts';

const config = { vocabSize: 24, contextLength: 64, embDim: 32, nHeads: 2, nLayers: 2, dropRate: 0 };
/** Weights far larger than at the start of training, so that the tokens' probabilities differ. */
function sharp(seed: number, shape: Partial<typeof config> = {}): GPT2 {
  const model = new GPT2({ ...config, ...shape }, new Random(seed));
  for (const parameter of model.namedParameters().values()) {
    if (parameter.shape.length === 2) parameter.value.set(parameter.value.map((weight) => 12 * weight));
  }
  return model;
}
const model = sharp(1);
const decoder = new Decoder(model);
const smaller = new Decoder(sharp(1, { nLayers: 1 }));
afterAll(async () => {
  await decoder.dispose();
  await smaller.dispose();
});

async function written(prompt: readonly number[], options: GenerateTokensOptions, by = decoder): Promise<number[]> {
  const ids: number[] = [];
  for await (const { id } of generateTokens(by, prompt, options)) ids.push(id);
  return ids;
}

const repeating = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3];
const drafts: Record<string, () => Draft> = {
  'look-up': () => new LookupDraft(),
  'a smaller model': () => new ModelDraft(smaller, decoder),
  'the model itself': () => new ModelDraft(decoder, decoder),
  'nothing but wrong guesses': () => ({
    guess: (_, { most }) => Array.from({ length: Math.min(3, most) }, () => ({ id: 23 })),
    learn: () => {},
  }),
};

describe.each(Object.entries(drafts))('with a draft by %s', (_, draft) => {
  test('the likeliest tokens are those without a draft, also past the context and with any options', async () => {
    const choices: GenerateTokensOptions[] = [
      { maxTokens: 40 },
      { maxTokens: 120 },
      { maxTokens: 30, repetitionPenalty: 1.3, logitBias: { 3: -2 } },
      { maxTokens: 120, keepFirst: 2, logProbabilities: 2 },
    ];
    for (const options of choices) {
      const plain = await written(repeating, { temperature: 0, ...options });
      expect(await written(repeating, { temperature: 0, ...options, draft: draft() })).toEqual(plain);
      const [stop] = plain.slice(-20);
      const ended = await written(repeating, { temperature: 0, ...options, stopTokens: [stop!] });
      expect(await written(repeating, { temperature: 0, ...options, stopTokens: [stop!], draft: draft() })).toEqual(
        ended,
      );
    }
  });

  test('exactly maxTokens are written', async () => {
    for (const maxTokens of [1, 2, 3, 5, 17]) {
      expect(await written(repeating, { maxTokens, temperature: 0.3, seed: 2, draft: draft() })).toHaveLength(
        maxTokens,
      );
    }
  });

  test('wherever the caller leaves the loop, the cache holds no token that was not written', async () => {
    for (let count = 1; count <= 12; count++) {
      const cache = decoder.createCache();
      const ids: number[] = [];
      for await (const { id } of generateTokens(decoder, repeating, { temperature: 0, cache, draft: draft() })) {
        ids.push(id);
        if (ids.length === count) break;
      }
      expect(cache.lengths[0]).toBe(repeating.length + count - 1);
      // The text goes on from that cache as without a break.
      const rest = await written([...repeating, ...ids], { temperature: 0, cache, maxTokens: 5 });
      expect([...ids, ...rest]).toEqual(await written(repeating, { temperature: 0, maxTokens: count + 5 }));
    }
  });
});

test('guesses that were found leave a sampled text as it is', async () => {
  for (let seed = 0; seed < 8; seed++) {
    const options = { temperature: 0.7, topK: 12, seed, maxTokens: 100 };
    const plain = await written(repeating, options);
    expect(await written(repeating, { ...options, draft: new LookupDraft() })).toEqual(plain);
  }
});

test('a text that repeats itself takes few passes', async () => {
  let passes = 0;
  const counted = new Proxy(decoder, {
    get: (target, name) => {
      if (name === 'append' || name === 'score') passes++;
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  // A bias makes every text the same token again and again.
  const options = { temperature: 0, maxTokens: 60, logitBias: { 5: 1e6 } };
  const ids = await written([1, 2], { ...options, draft: new LookupDraft() }, counted);
  expect(ids).toEqual(new Array(60).fill(5));
  expect(passes).toBeLessThan(20);
});

describe('a drawn guess', () => {
  /** Pearson's chi-squared statistic of counts against probabilities, over the ids that can occur. */
  const chiSquared = (counts: ArrayLike<number>, probabilities: Float64Array, draws: number) => {
    let sum = 0;
    for (const [i, p] of probabilities.entries()) {
      if (p === 0) expect(counts[i]).toBe(0);
      else sum += (counts[i]! - draws * p) ** 2 / (draws * p);
    }
    return sum;
  };

  test.each([
    ['all tokens', {}],
    ['the best of them', { topK: 6, topP: 0.9, temperature: 0.8 }],
  ])('leaves the model its own probabilities: %s, 20,000 draws', (_, options) => {
    const random = new Random(5);
    const own = Float32Array.from({ length: 10 }, () => 2 * random.normal());
    const drafted = Float32Array.from(own, (logit) => logit + random.normal());
    const p = tokenProbabilities(own, options);
    const q = tokenProbabilities(drafted, options);
    const counts = new Uint32Array(10);
    let accepted = 0;
    for (let i = 0; i < 20_000; i++) {
      const id = draw(q.keys(), q, random);
      const chosen = chooseWithGuess(own, { id, probabilities: q }, options, random, []);
      counts[chosen]!++;
      if (chosen === id) accepted++;
    }
    // The 0.9999 quantile for 9 degrees of freedom.
    expect(chiSquared(counts, p, 20_000)).toBeLessThan(33.7);
    // A drawn token is accepted as often as is possible: the sum of the smaller probabilities.
    const overlap = p.reduce((sum, share, i) => sum + Math.min(share, q[i]!), 0);
    expect(Math.abs(accepted / 20_000 - overlap)).toBeLessThan(0.02);
  });

  test('whole texts have the probabilities of the model alone', async () => {
    const [tiny, drafter] = [sharp(3, { vocabSize: 3, embDim: 16 }), sharp(4, { vocabSize: 3, embDim: 16 })];
    await using writer = new Decoder(tiny);
    await using guesser = new Decoder(drafter);
    // The probability of each text of three tokens after [0], from the model's logits.
    const probabilities = new Float64Array(27);
    for (let text = 0; text < 27; text++) {
      const ids = [Math.floor(text / 9), Math.floor(text / 3) % 3, text % 3];
      const rows = await writer.score(writer.createCache(), 0, [0, ...ids.slice(0, 2)]);
      probabilities[text] = rows.reduce((p, row, i) => p * tokenProbabilities(row, {})[ids[i]!]!, 1);
    }
    const counts = new Uint32Array(27);
    const draws = 1500;
    const draft = new ModelDraft(guesser, writer);
    for (let seed = 0; seed < draws; seed++) {
      const [a, b, c] = await written([0], { maxTokens: 3, seed: seed * 7919, draft }, writer);
      counts[9 * a! + 3 * b! + c!]!++;
    }
    // The 0.9999 quantile for 26 degrees of freedom.
    expect(chiSquared(counts, probabilities, draws)).toBeLessThan(61.7);
  });
});

describe('look-up', () => {
  const options = { most: 8, cost: 0.07, sampling: {}, random: new Random(0) };

  test('guesses what followed the latest of the longest matches', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 40 }), (ids) => {
        let best = { place: 0, length: 1 };
        for (let place = 2; place < ids.length; place++) {
          let length = 0;
          while (length < 8 && length < place && ids[place - 1 - length] === ids[ids.length - 1 - length]) length++;
          if (length > best.length || (length === best.length && length > 1)) best = { place, length };
        }
        const guesses = new LookupDraft().guess(ids, options).map(({ id }) => id);
        if (best.length < 2) expect(guesses).toEqual([]);
        else {
          const text = [...ids];
          for (let i = 0; i < guesses.length; i++) text.push(text[best.place + i]!);
          expect(guesses.length).toBeGreaterThan(0);
          expect(guesses).toEqual(text.slice(ids.length));
        }
      }),
    );
  });

  test('a text that goes on is looked up as if it were read at once; another text is read anew', () => {
    const draft = new LookupDraft();
    const text = Array.from({ length: 60 }, (_, i) => (i * i) % 7);
    for (let end = 1; end <= text.length; end++) {
      expect(draft.guess(text.slice(0, end), options)).toEqual(new LookupDraft().guess(text.slice(0, end), options));
    }
    expect(draft.guess([1, 2, 3, 1, 2], options)[0]).toEqual({ id: 3 });
  });
});

describe('the number of guesses', () => {
  test('grows with the share of right ones, and falls to none', () => {
    const rate = new AcceptanceRate();
    const first = rate.worthwhile(0.07, 16);
    expect(first).toBeGreaterThan(1);
    for (let i = 0; i < 20; i++) rate.learn(8, 8);
    expect(rate.worthwhile(0.07, 16)).toBe(16);
    for (let i = 0; i < 60; i++) rate.learn(0, 1);
    expect(rate.worthwhile(0.07, 16)).toBe(0);
  });

  test('where guesses are always wrong, they take less than 3% of the time', () => {
    for (const cost of [0.07, 0.11, 0.18]) {
      const rate = new AcceptanceRate();
      let guessed = 0;
      for (let step = 0; step < 1000; step++) {
        const count = rate.worthwhile(cost, 16);
        if (step >= 100) guessed += count; // the first ones are an investment
        rate.learn(0, count);
      }
      expect((guessed * cost) / 900).toBeLessThan(0.03);
    }
  });

  test('after a time of wrong guesses, right ones are noticed', () => {
    const rate = new AcceptanceRate();
    for (let i = 0; i < 200; i++) rate.learn(0, rate.worthwhile(0.1, 8));
    let guessed = 0;
    for (let i = 0; i < 2000; i++) {
      const count = rate.worthwhile(0.1, 8);
      rate.learn(count, count);
      guessed += count;
    }
    expect(guessed).toBeGreaterThan(1000);
  });

  test('never exceeds what is asked', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(20),
        (cost, most) => new AcceptanceRate().worthwhile(cost, most) <= most,
      ),
    );
  });
});

test('what cannot use a draft is refused', async () => {
  const batch = generateBatch(decoder, [[1], [2]], { draft: new LookupDraft() });
  await expect(batch.next()).rejects.toThrow('a draft guesses for one text, but there are 2; write them one by one');
  await using other = new Decoder(sharp(1, { vocabSize: 25 }));
  expect(() => new ModelDraft(other, decoder)).toThrow(
    "a draft needs the model's own tokens, but it has 25 and the model 24",
  );
  const uncached = { config, features: model.features.bind(model), unembed: model.unembed.bind(model) };
  const tokens = generateTokens(uncached, [1], { draft: new LookupDraft() });
  await expect(tokens.next()).rejects.toThrow('a model without keys and values cannot use a draft; leave it out');
});
