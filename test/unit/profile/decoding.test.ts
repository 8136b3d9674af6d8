import { describe, expect, it } from 'vitest';
import { Decoder, type Quantization } from '../../../src/generate/index.ts';
import { profileDecoding } from '../../../src/profile/index.ts';
import { getRuntime, type Runtime, setRuntime } from '../../../src/runtime/index.ts';
import { expectConsistent } from '../../support/expect-profile.ts';
import { ownTmpdir } from '../../support/own-tmpdir.ts';
import { tinyGPT2, tinyLlama } from '../../support/tiny-models.ts';

const temporary = ownTmpdir();

describe('the profile of a decoder', () => {
  const models = { gpt2: tinyGPT2(), llama: tinyLlama() };
  const cases = Object.entries(models).flatMap(([family, model]) =>
    ([undefined, 'q8', 'q4'] as const).map((quantize) => [family, quantize, model] as const),
  );
  it.each(cases)('of %s, %s, divides the times of a prompt and of a token', async (_, quantize, model) => {
    const open = () => new Decoder(model, quantize ? { quantize: quantize as Quantization } : {});
    const { prefill, token, weightBytes } = await profileDecoding(open, { promptLength: 40, position: 20 });
    expect(prefill).toMatchObject({ step: 'prefill', tokens: 40 });
    expect(token).toMatchObject({ step: 'token', tokens: 1 });
    expect(weightBytes).toBe(open().weightBytes);
    for (const profile of [prefill, token]) {
      expectConsistent(profile, 0.2); // in so small a model, computing a shape takes as long as a product
      expect(profile.layerKinds.every(({ backward }) => backward === 0)).toBe(true);
      const kinds = profile.layerKinds.map(({ kind }) => kind);
      expect(kinds).toEqual(expect.arrayContaining(['embedding', 'norms', 'feed-forward', 'head and loss']));
      const bytes = Object.fromEntries(profile.memory.map(({ purpose, bytes }) => [purpose, bytes]));
      expect(bytes['weights in JavaScript']).toBe(4 * model.parameterCount);
      const { nLayers, nKvHeads } = model.cacheShape;
      expect(bytes['keys and values']).toBe(2 * 4 * nLayers * nKvHeads * 64 * 16);
    }
  });

  it('counts the FLOPs of the products of weights', async () => {
    const model = tinyGPT2();
    const { embDim, nLayers, vocabSize } = model.config;
    const { prefill, token } = await profileDecoding(() => new Decoder(model), { promptLength: 40 });
    // Only the last token of a prompt goes through the head.
    expect(prefill.flops).toBe(2 * (40 * 12 * nLayers * embDim ** 2 + vocabSize * embDim));
    expect(token.flops).toBe(2 * (12 * nLayers * embDim ** 2 + vocabSize * embDim));
  });

  it('writes at the position that was asked for, also the first and the last', async () => {
    const model = tinyGPT2();
    for (const position of [0, 63]) {
      const decoders: Decoder[] = [];
      const appended: number[] = [];
      await profileDecoding(
        () => {
          const decoder = new Decoder(model);
          const { append } = decoder;
          decoder.append = (cache, ids) => {
            if (ids[0]!.length === 1) appended.push(cache.lengths[0]!);
            return append.call(decoder, cache, ids);
          };
          decoders.push(decoder);
          return decoder;
        },
        { promptLength: 2, position },
      );
      expect(decoders).toHaveLength(2);
      expect(new Set(appended.slice(-3))).toEqual(new Set([position]));
    }
  });

  it('says what is impossible, and leaves the runtime and no file', async () => {
    const runtime = await getRuntime();
    const open = () => new Decoder(tinyGPT2());
    for (const options of [{ promptLength: 0 }, { promptLength: 65 }, { position: -1 }, { position: 64 }]) {
      await expect(profileDecoding(open, options)).rejects.toThrow(/must be a whole number from/);
    }
    const reason = new Error('stopped');
    await expect(profileDecoding(open, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(profileDecoding(new Decoder(tinyGPT2()) as never)).rejects.toThrow('give a function');
    expect(await getRuntime()).toBe(runtime);
    expect(temporary.notes()).toEqual([]);
  });

  it('ends in good order where reading the notes fails', async () => {
    const runtime = await getRuntime();
    const failing: Runtime = {
      ...runtime,
      async loadProfiled(model, options) {
        const executable = await runtime.loadProfiled!(model, options);
        return { ...executable, endProfile: () => Promise.reject(new Error('no notes')) };
      },
    };
    setRuntime(failing);
    try {
      await expect(profileDecoding(() => new Decoder(tinyGPT2()), { promptLength: 2 })).rejects.toThrow('no notes');
      expect(await getRuntime()).toBe(failing);
    } finally {
      setRuntime(runtime);
    }
    expect(temporary.notes()).toEqual([]);
  });
});
