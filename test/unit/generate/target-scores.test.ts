import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decoder } from '../../../src/generate/index.ts';
import { argmax } from '../../../src/generate/sampling.ts';
import { logSoftmax64, opinionatedModel, wholePass } from '../../support/measured-models.ts';

const model = opinionatedModel({ contextLength: 40 });
const anyId = fc.integer({ min: 0, max: 7 });

describe('scores of targets', () => {
  it('are those of a whole pass, wherever the targets begin and in however many chunks', async () => {
    const decoders = [1, 3, 512].map((chunkSize) => new Decoder(model, { chunkSize }));
    const texts = fc.array(anyId, { minLength: 2, maxLength: 41 });
    await fc.assert(
      fc.asyncProperty(texts, fc.nat(), fc.nat(), fc.nat(), async (ids, which, targetCount, cached) => {
        const decoder = decoders[which % decoders.length]!;
        const before = cached % (ids.length - 1); // tokens the cache holds already
        const inputs = ids.slice(before, -1);
        const targets = ids.slice(ids.length - (targetCount % (inputs.length + 1)));
        if (targetCount % (inputs.length + 1) === 0) targets.length = 0;
        const cache = decoder.createCache({ batchSize: 2 });
        await decoder.append(cache, [[1, 2, 3], ids.slice(0, before)]);
        const { logProbabilities, likeliest } = await decoder.scoreTargets(cache, 1, inputs, targets);
        expect([logProbabilities.length, likeliest.length]).toEqual([targets.length, targets.length]);
        expect(cache.lengths).toEqual([3, ids.length - 1]);
        const logits = (await wholePass(model, ids.slice(0, -1))).slice(ids.length - 1 - targets.length);
        for (const [i, target] of targets.entries()) {
          expect(logProbabilities[i]).toBeCloseTo(logSoftmax64(logits[i]!)[target]!, 4);
          expect(likeliest[i]).toBe(argmax(logits[i]!));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('of huge logits do not overflow', async () => {
    const huge = opinionatedModel({ contextLength: 40 }, 3000);
    const decoder = new Decoder(huge);
    const ids = [1, 2, 3, 4, 5];
    const { logProbabilities } = await decoder.scoreTargets(decoder.createCache(), 0, ids.slice(0, -1), ids.slice(1));
    const logits = await wholePass(huge, ids.slice(0, -1));
    expect(Math.max(...logits.map((row) => Math.max(...row)))).toBeGreaterThan(200);
    for (const [i, row] of logits.entries()) {
      const expected = logSoftmax64(row)[ids[i + 1]!]!;
      expect(Math.abs(logProbabilities[i]! - expected)).toBeLessThan(1e-4 * (1 + Math.abs(expected)));
    }
  });

  it('name the mistake', async () => {
    const decoder = new Decoder(model);
    const cache = decoder.createCache();
    await expect(decoder.scoreTargets(cache, 0, [1, 2], [1, 2, 3])).rejects.toThrow(
      '2 tokens cannot be followed by 3 targets',
    );
    await expect(decoder.scoreTargets(cache, 0, [1, 2], [8])).rejects.toThrow("8 is not one of the model's 8 tokens");
    await expect(decoder.scoreTargets(cache, 0, [1, -1], [1])).rejects.toThrow('token id -1 is not one of');
    await decoder.dispose();
  });
});
