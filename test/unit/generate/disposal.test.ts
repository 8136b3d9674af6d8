import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { Decoder } from '../../../src/generate/index.ts';
import { errorOf } from '../../support/tiny.ts';
import { tinyGPT2, tinyLlama } from '../../support/tiny-models.ts';

const disposed = 'this model has been disposed of and cannot be run any more';
const prompt = Array.from({ length: 40 }, (_, i) => i);

describe.each([
  ['GPT-2', tinyGPT2],
  ['Llama', tinyLlama],
])('the decoder of a %s', (_, model) => {
  it('may be disposed of twice, and by the end of its block as well', async () => {
    const never = new Decoder(model());
    await never.dispose();
    await never.dispose();
    await using decoder = new Decoder(model());
    await decoder.scoreTargets(decoder.createCache(), 0, [1, 2], [2, 3]);
    await Promise.all([decoder.dispose(), decoder.dispose()]);
    await decoder.dispose();
    await decoder[Symbol.asyncDispose]();
  });

  it('finishes the pass that has begun, then refuses more in one sentence', async () => {
    const decoder = new Decoder(model());
    const [expected] = await decoder.append(decoder.createCache(), [prompt]);
    const running = decoder.append(decoder.createCache(), [prompt]);
    const disposal = decoder.dispose();
    const late = errorOf(decoder.append(decoder.createCache(), [prompt]));
    expect((await running)[0]).toEqual(expected);
    await disposal;
    for (const error of [
      await late,
      await errorOf(decoder.append(decoder.createCache(), [[1]])),
      await errorOf(decoder.score(decoder.createCache(), 0, [1])),
      await errorOf(decoder.scoreTargets(decoder.createCache(), 0, [1], [2])),
      await errorOf(decoder.load()),
    ]) {
      expect(error).toBeInstanceOf(TsgptError);
      expect(error.message).toBe(disposed);
    }
  });

  it('that is disposed of while it loads runs what was asked before', async () => {
    const decoder = new Decoder(model());
    const running = decoder.append(decoder.createCache(), [[1, 2]]);
    await decoder.dispose();
    expect((await running)[0]).toBeInstanceOf(Float32Array);
  });

  it('stops between the passes of a long prompt', async () => {
    const decoder = new Decoder(model(), { chunkSize: 1 });
    await decoder.load();
    const running = errorOf(decoder.append(decoder.createCache(), [prompt]));
    await decoder.dispose();
    expect((await running).message).toBe(disposed);
  });
});

describe('a cache', () => {
  it('takes one pass at a time', async () => {
    await using decoder = new Decoder(tinyGPT2());
    const cache = decoder.createCache();
    const first = decoder.append(cache, [prompt]);
    for (const second of [
      decoder.append(cache, [[1]]),
      decoder.score(cache, 0, [1]),
      decoder.scoreTargets(cache, 0, [1], [2]),
    ]) {
      const error = await errorOf(second);
      expect(error).toBeInstanceOf(TsgptError);
      expect(error.message).toMatch(/: this cache is still busy with append\(\); await that first$/);
    }
    await first;
    expect(cache.lengths).toEqual([prompt.length]);
    await decoder.append(cache, [[1]]);
  });
});
