import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import {
  Decoder,
  type GenerateOptions,
  type GenerateTokensOptions,
  generate,
  generateBatch,
  generateTokens,
  KVCache,
  promptIds,
  usualCapacity,
} from '../../../src/generate/index.ts';
import { argmax } from '../../../src/generate/sampling.ts';
import { GPT2, type GPT2Config } from '../../../src/models/index.ts';
import { Random } from '../../../src/random/random.ts';
import { fromArray } from '../../../src/tensor/index.ts';
import { CharTokenizer, GPT2Tokenizer, HuggingFaceTokenizer, type Tokenizer } from '../../../src/tokenizer/index.ts';
import { charactersFile } from '../../support/published-forms.ts';
import { tinyLlama } from '../../support/tiny-models.ts';

const tokenizer = new CharTokenizer('\nabcdefg');
const config: GPT2Config = {
  vocabSize: 8,
  contextLength: 24,
  embDim: 16,
  nHeads: 2,
  nLayers: 2,
  dropRate: 0.5,
  qkvBias: false,
  tiedHead: true,
};

/** A model whose weights are ten times as large as usual: its choices depend much on what it reads. */
function opinionated(changes: Partial<GPT2Config> = {}): GPT2 {
  const model = new GPT2({ ...config, ...changes }, new Random(1));
  for (const parameter of model.parameters()) {
    if (parameter.shape.length === 2) parameter.value = parameter.value.map((x) => 10 * x);
  }
  return model;
}
const model = opinionated();

/** The logits after the last of `ids` by a pass over just them. */
async function logitsAfter(visible: readonly number[]): Promise<Float32Array> {
  const logits = await model.forward(fromArray(Int32Array.from(visible), [1, visible.length])).floats();
  return logits.slice(-config.vocabSize);
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** The ids that are written. */
const tokensOf = async (prompt: readonly number[], options: GenerateTokensOptions = {}, by: GPT2 | Decoder = model) =>
  (await collect(generateTokens(by, prompt, options))).map(({ id }) => id);

const write = async (prompt: string, options: GenerateOptions = {}, by: Tokenizer = tokenizer, from = model) =>
  (await collect(generate(from, by, prompt, options))).join('');

describe('generateTokens', () => {
  it('at temperature 0 takes the argmax of a whole pass, over and over', async () => {
    const expected = [1, 5, 2];
    let first = 0; // of the tokens that are seen
    while (expected.length < 60) {
      // Far beyond the context of 24 tokens: when it is full, an eighth of it is forgotten.
      if (expected.length - first > 24) first = expected.length - 21;
      expected.push(argmax(await logitsAfter(expected.slice(first))));
    }
    expect(new Set(expected.slice(3)).size).toBeGreaterThan(2);
    const written = await tokensOf([1, 5, 2], { temperature: 0, maxTokens: 57 });
    expect(written).toEqual(expected.slice(3));
    expect(await tokensOf([1, 5, 2], { topK: 1, seed: 9, maxTokens: 57 })).toEqual(written);
  });

  it('keeps the beginning of a text that outgrows the context, if told to', async () => {
    for (const prompt of [
      [7, 5, 2],
      [7, 3, ...Array.from({ length: 30 }, (_, i) => (i * i) % 7)],
    ]) {
      const expected = [...prompt];
      let first = Math.max(2, prompt.length - 22); // of the tokens that are seen after the first two
      while (expected.length < prompt.length + 40) {
        if (expected.length - first + 2 > 24) first = expected.length - 19;
        expected.push(argmax(await logitsAfter([...prompt.slice(0, 2), ...expected.slice(first)])));
      }
      const written = await tokensOf(prompt, { temperature: 0, maxTokens: 40, keepFirst: 2 });
      expect(written).toEqual(expected.slice(prompt.length));
      expect(await tokensOf(prompt, { temperature: 0, maxTokens: 40 })).not.toEqual(written);
    }
    await expect(tokensOf([1], { keepFirst: -1 })).rejects.toThrow('keepFirst must be a whole number of at least 0');
  });

  it('writes the same for the same seed, and something else for another', async () => {
    const run = (seed?: number) => tokensOf([1], { seed, maxTokens: 40 });
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
    expect(await run()).toEqual(await run(0));
  });

  it('ends before a stop token, at maxTokens, and by a signal', async () => {
    const all = await tokensOf([1], { seed: 4, maxTokens: 30 });
    const stop = all[10]!;
    const stopped = await tokensOf([1], { seed: 4, maxTokens: 30, stopTokens: [99, stop] });
    expect(stopped).toEqual(all.slice(0, all.indexOf(stop)));
    for (const maxTokens of [0, 1, 7]) {
      expect(await tokensOf([1], { seed: 4, maxTokens })).toEqual(all.slice(0, maxTokens));
    }
    const controller = new AbortController();
    const heard: number[] = [];
    for await (const { id } of generateTokens(model, [1], { seed: 4, signal: controller.signal })) {
      if (heard.push(id) === 5) controller.abort();
    }
    expect(heard).toEqual(all.slice(0, 5));
    expect(await tokensOf([1], { signal: AbortSignal.abort() })).toEqual([]);
  });

  it('refuses a number of tokens that is none', async () => {
    for (const maxTokens of [-1, 1.5, Number.NaN]) {
      const error = tokensOf([1], { maxTokens });
      await expect(error).rejects.toThrow(`maxTokens must be a whole number of at least 0, but is ${maxTokens}`);
    }
  });
});

describe('the decoder', () => {
  const longModel = opinionated({ contextLength: 40, tiedHead: false, qkvBias: true });
  const anyIds = fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 30 });
  const closeTo = (actual: Float32Array | undefined, expected: Float32Array) => {
    for (const [i, logit] of expected.entries()) expect(actual![i]).toBeCloseTo(logit, 4);
  };
  const lastLogits = async (ids: readonly number[]) => {
    const all = await longModel.forward(fromArray(Int32Array.from(ids), [1, ids.length])).data();
    return all.slice(-config.vocabSize) as Float32Array;
  };

  it('has the logits of a whole pass, in however many pieces the texts come, alone or beside others', async () => {
    const cut = (ids: number[], at: number) =>
      [ids.slice(0, at % (ids.length + 1)), ids.slice(at % (ids.length + 1))] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anyIds, fc.nat(30)), { minLength: 1, maxLength: 3 }),
        fc.constantFrom(1, 3, 512),
        async (texts, chunkSize) => {
          await using decoder = new Decoder(longModel, { chunkSize });
          const cache = decoder.createCache({ batchSize: texts.length });
          const pieces = texts.map(([ids, at]) => cut(ids, at));
          await decoder.append(cache, pieces.map(([first]) => first)); // biome-ignore format: one line
          const logits = await decoder.append(cache, pieces.map(([, second]) => second)); // biome-ignore format: one line
          for (const [i, [ids]] of texts.entries()) {
            if (pieces[i]![1].length > 0) closeTo(logits[i], await lastLogits(ids));
            else expect(logits[i]).toBeUndefined();
          }
          // And one token more for all of them.
          const next = texts.map((_, i) => [i]);
          const stepped = await decoder.append(cache, next);
          for (const [i, [ids]] of texts.entries()) closeTo(stepped[i], await lastLogits([...ids, i]));
        },
      ),
      { numRuns: 15 },
    );
  });

  it('scores every token of a piece, and forgets what is cut off', async () => {
    await using decoder = new Decoder(longModel, { chunkSize: 4 });
    const cache = decoder.createCache({ batchSize: 2, capacity: 20 });
    const ids = [3, 1, 4, 1, 5, 2, 6, 5, 3, 5];
    const scores = await decoder.score(cache, 1, ids);
    expect(scores).toHaveLength(ids.length);
    for (const i of [0, 4, 9]) closeTo(scores[i], await lastLogits(ids.slice(0, i + 1)));
    cache.truncate(1, 5);
    const [, logits] = await decoder.append(cache, [[], [7, 7]]);
    closeTo(logits, await lastLogits([...ids.slice(0, 5), 7, 7]));
    expect(cache.lengths).toEqual([0, 7]);
  });

  it('leaves idle texts alone, also when others go on by one token', async () => {
    await using decoder = new Decoder(longModel);
    const cache = decoder.createCache({ batchSize: 3, capacity: 6 });
    const ids = [
      [3, 1, 4],
      [1, 5],
      [2, 6, 5, 3, 5, 0],
    ];
    await decoder.append(cache, ids);
    await decoder.append(cache, [[1], [], []]);
    expect(cache.lengths).toEqual([4, 2, 6]);
    const [, logits] = await decoder.append(cache, [[], [2], []]);
    closeTo(logits, await lastLogits([1, 5, 2]));
    cache.truncate(2, 5);
    const [, , last] = await decoder.append(cache, [[], [], [4]]);
    closeTo(last, await lastLogits([2, 6, 5, 3, 5, 4]));
  });

  it('has the weights as they were when it was loaded', async () => {
    const changing = opinionated();
    await using decoder = new Decoder(changing);
    const before = (await decoder.append(decoder.createCache(), [[1, 2, 3]]))[0]!.slice();
    for (const parameter of changing.parameters()) parameter.value.fill(0);
    expect((await decoder.append(decoder.createCache(), [[1, 2, 3]]))[0]).toEqual(before);
  });

  it('says what is wrong', async () => {
    const decoder = new Decoder(longModel);
    const cache = decoder.createCache({ capacity: 4 });
    for (const [tokens, message] of [
      [[[1, 8]], "token id 8 is not one of the model's 8 tokens"],
      [[[-1]], 'token id -1 is not one of'],
      [[[0.5, 1]], 'token id 0.5 is not one of'],
      [[[Number.NaN]], 'token id NaN is not one of'],
      [[[1], [2]], 'the cache holds 1 texts, but got tokens for 2'],
      [[[1, 2, 3, 4, 5]], 'the cache has room for 4 tokens, but text 0 would get 5'],
    ] as const) {
      await expect(decoder.append(cache, tokens)).rejects.toThrow(message);
    }
    const cacheShape = { nLayers: 2, nKvHeads: 2, headDim: 8 };
    expect(() => new KVCache(cacheShape, { capacity: 2 ** 40 })).toThrow(
      /^keys and values of 1099511627776 tokens need \d+\.0 GiB/,
    );
    expect(() => decoder.createCache({ capacity: 41 })).toThrow('the model sees at most 40 tokens');
    expect(() => cache.truncate(0, 1)).toThrow('holds 0 tokens of text 0; it cannot be cut to 1');
    expect(() => new Decoder(longModel, { chunkSize: 0 })).toThrow('chunk size');
    await decoder.dispose();
    await expect(decoder.append(cache, [[1]])).rejects.toThrow('has been disposed of');
  });
});

describe('generateBatch', () => {
  it('writes for each text what it would get alone, to its own end', async () => {
    const prompts = [[1], [5, 2, 7, 3, 1, 1, 2], [6, 6]];
    for (const options of [{ temperature: 0 }, { temperature: 1.3, topK: 5, seed: 7 }]) {
      const alone = await Promise.all(
        prompts.map((prompt, i) => tokensOf(prompt, { ...options, seed: 7 + i, maxTokens: 30, stopTokens: [4] })),
      );
      const together: number[][] = prompts.map(() => []);
      const batch = generateBatch(model, prompts, { ...options, seed: 7, maxTokens: 30, stopTokens: [4] });
      for await (const tokens of batch)
        for (const [i, token] of tokens.entries()) if (token) together[i]!.push(token.id);
      expect(together).toEqual(alone);
    }
  });
});

describe('generated tokens', () => {
  it('come with their log-probabilities on request', async () => {
    const options = { temperature: 0.5, seed: 2, maxTokens: 6, logProbabilities: 3 };
    const ids = [1, 5];
    for await (const { id, logProbability, likeliest } of generateTokens(model, ids, options)) {
      const logits = [...(await logitsAfter(ids))];
      const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
      expect(logProbability).toBeCloseTo(logits[id]! - total, 4);
      const ranked = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!);
      expect(likeliest!.map((token) => token.id)).toEqual(ranked.slice(0, 3));
      expect(likeliest![0]!.logProbability).toBeCloseTo(Math.max(...logits) - total, 4);
      ids.push(id);
    }
    expect(ids).toHaveLength(8);
  });

  it('can be forbidden, and kept from repeating', async () => {
    const greedy = await tokensOf([1], { temperature: 0, maxTokens: 10 });
    const without = await tokensOf([1], { maxTokens: 40, logitBias: { [greedy[0]!]: Number.NEGATIVE_INFINITY } });
    expect(without).not.toContain(greedy[0]);
    const varied = await tokensOf([1], { temperature: 0, maxTokens: 7, repetitionPenalty: 1e6 });
    expect(new Set([1, ...varied]).size).toBeGreaterThan(new Set([1, ...greedy.slice(0, 7)]).size);
  });
});

describe('generate', () => {
  it('refuses a tokenizer with more tokens than the model', async () => {
    const larger = new CharTokenizer('\nabcdefgh');
    await expect(write('a', {}, larger)).rejects.toThrow(TsgptError);
    await expect(write('a', {}, larger)).rejects.toThrow(
      "generate: the tokenizer has 9 tokens, but the model only 8; use the model's own",
    );
  });

  it('writes the text of the tokens', async () => {
    const ids = await tokensOf(tokenizer.encode('ab'), { seed: 3, maxTokens: 50 });
    expect(await write('ab', { seed: 3, maxTokens: 50 })).toBe(tokenizer.decode(ids));
  });

  it('ends before the first stop string', async () => {
    const text = await write('ab', { seed: 3, maxTokens: 50 });
    for (const stop of [[text.slice(20, 23)], [text.slice(30, 32), text.slice(10, 14)], [text.slice(0, 2)], ['zz']]) {
      const places = stop.map((s) => text.indexOf(s)).filter((place) => place >= 0);
      const expected = text.slice(0, Math.min(text.length, ...places));
      expect(await write('ab', { seed: 3, maxTokens: 50, stop })).toBe(expected);
    }
  });

  it('begins a new text after a line break, or else after the first token', async () => {
    const options = { temperature: 0, maxTokens: 10 };
    expect(await write('', options)).toBe(await write('\n', options));
    const noLineBreak = new CharTokenizer('abcdefgh');
    expect(await write('', options, noLineBreak)).toBe(await write('a', options, noLineBreak));
  });

  it('says which character of the prompt it does not know', async () => {
    await expect(write('abxc')).rejects.toThrow(TsgptError);
    await expect(write('abxc')).rejects.toThrow('the character "x" (U+0078) at position 2');
  });

  it('ignores tokens beyond the vocabulary', async () => {
    const small = new CharTokenizer('\nab');
    const ids = await tokensOf([1], { seed: 6, maxTokens: 60 });
    expect(ids.some((id) => id >= 3)).toBe(true);
    expect(await write('a', { seed: 6, maxTokens: 60 }, small)).toBe(small.decode(ids.filter((id) => id < 3)));
  });
});

/** Writes bytes: every token is one, so that most characters take several. */
const bytes: Tokenizer = {
  kind: 'bytes',
  vocabSize: 256,
  endOfTextId: 0,
  encode: (text) => [...new TextEncoder().encode(text)],
  decode: (ids) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(ids)),
  tokenBytes: (id) => Uint8Array.of(id),
  streamDecoder() {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    return {
      push: (id) => decoder.decode(Uint8Array.of(id), { stream: true }),
      end: () => decoder.decode(),
    };
  },
  toJSON: () => ({ kind: 'gpt2' }),
};

/** A model of bytes that recites: after each of the given bytes it is almost certain of the next. */
function reciting(sequence: readonly number[]): GPT2 {
  const model = new GPT2({ ...config, vocabSize: 256, contextLength: 1, embDim: 256, nLayers: 1, tiedHead: false });
  for (const [name, parameter] of model.namedParameters()) {
    if (name.startsWith('blocks') || name.startsWith('position')) parameter.value.fill(0);
  }
  const embedding = new Float32Array(256 * 256);
  for (let id = 0; id < 256; id++) embedding[257 * id] = 100; // each token is its own direction
  model.tokenEmbedding.weight.value = embedding;
  const head = new Float32Array(256 * 256);
  sequence.slice(1).forEach((next, i) => {
    head[256 * next + sequence[i]!] = 1;
  });
  model.head!.weight.value = head;
  return model;
}

describe('characters of several tokens', () => {
  const text = 'é日🎉';
  const sequence = [0, ...new TextEncoder().encode(text)];

  it('are written whole', async () => {
    const pieces = await collect(generate(reciting([...sequence, 0]), bytes, '', { temperature: 0 }));
    // The byte 0 is the end of the text, before and after it.
    expect(pieces).toEqual([...text]);
  });

  it('give one replacement character if the text ends within one', async () => {
    const pieces = await collect(generate(reciting(sequence), bytes, '', { temperature: 0, maxTokens: 7 }));
    expect(pieces).toEqual(['é', '日', '\ufffd']);
  });
});

describe('with the GPT-2 tokenizer', () => {
  const gpt2 = new GPT2Tokenizer();
  const tiny = new GPT2(
    { ...config, vocabSize: gpt2.vocabSize, contextLength: 4, embDim: 8, nLayers: 1 },
    new Random(2),
  );

  it('pieces are whole characters and together the text of the tokens', async () => {
    const options = { seed: 5, maxTokens: 25, temperature: 2 };
    const ids = await tokensOf(gpt2.encode('Hello'), options, tiny);
    const pieces = await collect(generate(tiny, gpt2, 'Hello', options));
    expect(pieces.join('')).toBe(gpt2.decode(ids));
    for (const piece of pieces) expect(piece).not.toMatch(/^\p{Surrogate}|\p{Surrogate}$/u);
  });

  it('a new text begins after <|endoftext|>, which ends it as well and is not written', async () => {
    const ids = await tokensOf([gpt2.endOfTextId], { temperature: 0, maxTokens: 5 }, tiny);
    expect(await write('', { temperature: 0, maxTokens: 5 }, gpt2, tiny)).toBe(gpt2.decode(ids));
    const ending = new GPT2(tiny.config, new Random(2));
    ending.finalNorm.weight.value.fill(0);
    ending.finalNorm.bias.value.fill(1);
    ending.tokenEmbedding.weight.value.fill(1, 8 * gpt2.endOfTextId);
    expect(await tokensOf([0], { temperature: 0, maxTokens: 2 }, ending)).toEqual([50256, 50256]);
    expect(await write('Hello', { temperature: 0 }, gpt2, ending)).toBe('');
  });

  it('has special tokens in a prompt only on request', async () => {
    const options = { temperature: 0, maxTokens: 5 };
    const special = await tokensOf([...gpt2.encode('Hello'), gpt2.endOfTextId], options, tiny);
    expect(await write('Hello<|endoftext|>', { ...options, allowSpecial: true }, gpt2, tiny)).toBe(
      gpt2.decode(special),
    );
    const plain = await tokensOf(gpt2.encode('Hello<|endoftext|>'), options, tiny);
    expect(await write('Hello<|endoftext|>', options, gpt2, tiny)).toBe(gpt2.decode(plain));
  });

  it('begins a text once, if the prompt spells out its beginning', () => {
    const llama = new HuggingFaceTokenizer(charactersFile(), {
      bos_token: '<s>',
      eos_token: '</s>',
      add_bos_token: true,
    });
    const [begin] = llama.beginOfTextIds as [number];
    const ids = llama.encode('a');
    expect(promptIds(llama, 'a')).toEqual([begin, ...ids]);
    expect(promptIds(llama, 'a', { allowSpecial: true })).toEqual([begin, ...ids]);
    expect(promptIds(llama, '<s>a', { allowSpecial: true })).toEqual([begin, ...ids]);
    expect(promptIds(llama, '<s>a')).toEqual([begin, ...llama.encode('<s>a')]);
    expect(promptIds(llama, '', { allowSpecial: true })).toEqual([begin]);
  });
});

describe('a cache', () => {
  it('has room for what the model sees, but not for the endless contexts of some models', () => {
    expect(new Decoder(tinyLlama({ contextLength: 64 })).createCache().capacity).toBe(64);
    const endless = new Decoder(tinyLlama({ contextLength: 131_072 }));
    expect(endless.createCache().capacity).toBe(usualCapacity);
    expect(endless.createCache({ capacity: 9000 }).capacity).toBe(9000);
  });
});

describe('an empty prompt', () => {
  const file = charactersFile();
  const sentencePiece = new HuggingFaceTokenizer(file, { bos_token: '<s>', eos_token: '</s>', add_bos_token: true });
  const vocabSize = sentencePiece.vocabSize;
  const llama = tinyLlama({ vocabSize });
  // Every word that SentencePiece writes begins with its space.
  const words = Object.entries(file.model.vocab).filter(([token]) => /^▁[a-z]+$/.test(token));
  const bias = Object.fromEntries(Array.from({ length: vocabSize }, (_, id) => [id, Number.NEGATIVE_INFINITY]));
  for (const [, id] of words) bias[id] = 0;
  const written = async (prompt: string) => {
    let text = '';
    const options = { maxTokens: 4, seed: 3, logitBias: bias };
    for await (const piece of generate(llama, sentencePiece, prompt, options)) text += piece;
    return text;
  };

  it('begins a text without the space that SentencePiece puts before every word', async () => {
    expect(await written('')).toMatch(/^[a-z]+( [a-z]+){3}$/);
    expect(await written('Once')).toMatch(/^( [a-z]+){4}$/);
  });
});
