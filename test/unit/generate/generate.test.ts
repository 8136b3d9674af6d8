import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadCount } from '../../../src/compile/executable-cache.ts';
import { TsgptError } from '../../../src/errors.ts';
import { type GenerateOptions, generate, generateTokens, nextLogits } from '../../../src/generate/index.ts';
import { argmax } from '../../../src/generate/sampling.ts';
import { GPT2, type GPT2Config } from '../../../src/models/index.ts';
import { Random } from '../../../src/random/random.ts';
import { fromArray } from '../../../src/tensor/index.ts';
import { CharTokenizer, GPT2Tokenizer, type Tokenizer } from '../../../src/tokenizer/index.ts';

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
async function logitsAfter(ids: readonly number[]): Promise<Float32Array> {
  const visible = ids.slice(-config.contextLength);
  const logits = (await model.forward(fromArray(Int32Array.from(visible), [1, visible.length])).data()) as Float32Array;
  return logits.slice(-config.vocabSize);
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const write = async (prompt: string, options: GenerateOptions = {}, by: Tokenizer = tokenizer, from = model) =>
  (await collect(generate(from, by, prompt, options))).join('');

describe('nextLogits', () => {
  it('are those of a pass over just the ids, of which the last ones are seen', async () => {
    const logits = nextLogits(model);
    const ids = fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(ids, async (ids) => {
        const [padded, exact] = [await logits(ids), await logitsAfter(ids)];
        expect(padded.length).toBe(config.vocabSize);
        for (const [i, logit] of exact.entries()) expect(padded[i]).toBeCloseTo(logit, 4);
      }),
      { numRuns: 25 },
    );
  });

  it('are not of use after nothing, or after no token', async () => {
    const logits = nextLogits(model);
    for (const [ids, message] of [
      [[], 'there is nothing to continue: give at least one token'],
      [[1, 8], "token id 8 is not one of the model's 8 tokens"],
      [[-1], 'token id -1 is not one of'],
      [[0.5, 1], 'token id 0.5 is not one of'],
      [[Number.NaN], 'token id NaN is not one of'],
    ] as const) {
      await expect(logits(ids)).rejects.toThrow(TsgptError);
      await expect(logits(ids)).rejects.toThrow(message);
    }
  });
});

describe('generateTokens', () => {
  it('at temperature 0 takes the argmax of a whole pass, over and over', async () => {
    const expected = [1, 5, 2];
    // Far beyond the context, where the window slides.
    while (expected.length < 60) expected.push(argmax(await logitsAfter(expected)));
    expect(new Set(expected.slice(3)).size).toBeGreaterThan(2);
    const written = await collect(generateTokens(model, [1, 5, 2], { temperature: 0, maxTokens: 57 }));
    expect(written).toEqual(expected.slice(3));
    expect(await collect(generateTokens(model, [1, 5, 2], { topK: 1, seed: 9, maxTokens: 57 }))).toEqual(written);
  });

  it('writes the same for the same seed, and something else for another', async () => {
    const run = (seed?: number) => collect(generateTokens(model, [1], { seed, maxTokens: 40 }));
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
    expect(await run()).toEqual(await run(0));
  });

  it('ends before a stop token, at maxTokens, and by a signal', async () => {
    const all = await collect(generateTokens(model, [1], { seed: 4, maxTokens: 30 }));
    const stop = all[10]!;
    const stopped = await collect(generateTokens(model, [1], { seed: 4, maxTokens: 30, stopTokens: [99, stop] }));
    expect(stopped).toEqual(all.slice(0, all.indexOf(stop)));
    for (const maxTokens of [0, 1, 7]) {
      expect(await collect(generateTokens(model, [1], { seed: 4, maxTokens }))).toEqual(all.slice(0, maxTokens));
    }
    const controller = new AbortController();
    const heard: number[] = [];
    for await (const id of generateTokens(model, [1], { seed: 4, signal: controller.signal })) {
      if (heard.push(id) === 5) controller.abort();
    }
    expect(heard).toEqual(all.slice(0, 5));
    expect(await collect(generateTokens(model, [1], { signal: AbortSignal.abort() }))).toEqual([]);
  });

  it('refuses a number of tokens that is none', async () => {
    for (const maxTokens of [-1, 1.5, Number.NaN]) {
      const error = collect(generateTokens(model, [1], { maxTokens }));
      await expect(error).rejects.toThrow(`maxTokens must be a whole number of at least 0, but is ${maxTokens}`);
    }
  });

  it('compiles few graphs, however long the text becomes', async () => {
    const long = opinionated({ contextLength: 100, vocabSize: 9 });
    const before = loadCount();
    const logits = nextLogits(long);
    for (let length = 1; length < 130; length++) await logits(Array.from({ length }, (_, i) => i % 9));
    // For 16, 32, 64 and 100 tokens.
    expect(loadCount() - before).toBe(4);
    await collect(generateTokens(long, [1], { maxTokens: 120 }));
    expect(loadCount() - before).toBe(4);
  });
});

describe('generate', () => {
  it('writes the text of the tokens', async () => {
    const ids = await collect(generateTokens(model, tokenizer.encode('ab'), { seed: 3, maxTokens: 50 }));
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

  it('takes tokens beyond the vocabulary for nothing', async () => {
    const small = new CharTokenizer('\nab');
    const ids = await collect(generateTokens(model, [1], { seed: 6, maxTokens: 60 }));
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

/** A model of bytes that recites: after each of the given bytes it is all but sure of the next. */
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

  it('are given out whole', async () => {
    const pieces = await collect(generate(reciting([...sequence, 0]), bytes, '', { temperature: 0 }));
    // The byte 0 is the end of the text, before and after it.
    expect(pieces).toEqual([...text]);
  });

  it('give one sign of replacement if the text ends within one', async () => {
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
    const ids = await collect(generateTokens(tiny, gpt2.encode('Hello'), options));
    const pieces = await collect(generate(tiny, gpt2, 'Hello', options));
    expect(pieces.join('')).toBe(gpt2.decode(ids));
    for (const piece of pieces) expect(piece).not.toMatch(/^\p{Surrogate}|\p{Surrogate}$/u);
  });

  it('a new text begins after <|endoftext|>, which ends it as well and is not written', async () => {
    const ids = await collect(generateTokens(tiny, [gpt2.endOfTextId], { temperature: 0, maxTokens: 5 }));
    expect(await write('', { temperature: 0, maxTokens: 5 }, gpt2, tiny)).toBe(gpt2.decode(ids));
    const ending = new GPT2(tiny.config, new Random(2));
    ending.finalNorm.weight.value.fill(0);
    ending.finalNorm.bias.value.fill(1);
    ending.tokenEmbedding.weight.value.fill(1, 8 * gpt2.endOfTextId);
    expect(await collect(generateTokens(ending, [0], { temperature: 0, maxTokens: 2 }))).toEqual([50256, 50256]);
    expect(await write('Hello', { temperature: 0 }, gpt2, ending)).toBe('');
  });
});
