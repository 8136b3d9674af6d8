import { beforeAll, describe, expect, it } from 'vitest';
import { withModelScopes } from '../../../src/models/model-scopes.ts';
import { type Profile, profileTraining } from '../../../src/profile/index.ts';
import { Recorder } from '../../../src/profile/recorder.ts';
import { Random } from '../../../src/random/index.ts';
import { getRuntime, type Runtime, setRuntime, standardOnnx } from '../../../src/runtime/index.ts';
import { RandomWindows } from '../../../src/text/index.ts';
import { AdamW, nextToken, Trainer } from '../../../src/train/index.ts';
import { expectConsistent } from '../../support/expect-profile.ts';
import { ownTmpdir } from '../../support/own-tmpdir.ts';
import { tinyGPT2, tinyLlama, weightsOfModel } from '../../support/tiny-models.ts';

const temporary = ownTmpdir();

describe('the profile of training', () => {
  const model = tinyGPT2({ embDim: 64, vocabSize: 300 });
  const weights = structuredClone(weightsOfModel(model));
  const sizes = { batchSize: 8, windowLength: 32 };
  let profile: Profile;
  beforeAll(async () => {
    profile = await profileTraining(model, sizes);
  });

  it('divides the time of a step by layer and by operation', () => {
    expectConsistent(profile);
    expect(profile).toMatchObject({ step: 'training', tokens: 256 });
    expect(profile.layerKinds.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['embedding', 'norms', 'attention: projections', 'feed-forward', 'optimizer']),
    );
    const paths = profile.layers.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['blocks.0.attention.query', 'blocks.1.feedForward.expand', 'head']));
    expect(paths.indexOf('blocks.0.attention')).toBeLessThan(paths.indexOf('blocks.1.attention'));
  });

  it('has backward times for what has weights, and none for the optimizer', () => {
    for (const { kind, forward, backward } of profile.layerKinds) {
      expect(forward, kind).toBeGreaterThan(0);
      if (kind === 'optimizer') expect(backward).toBe(0);
      if (kind.startsWith('attention') || kind === 'feed-forward') expect(backward, kind).toBeGreaterThan(0);
    }
  });

  it('counts the FLOPs of the products: those of weights three times, twice for every weight and token', () => {
    const { embDim, nLayers, vocabSize } = { embDim: 64, nLayers: 2, vocabSize: 300 };
    const { batchSize, windowLength } = sizes;
    const tokens = batchSize * windowLength;
    const ofWeights = 3 * 2 * tokens * (12 * nLayers * embDim ** 2 + vocabSize * embDim);
    // Scores and mixing, each 2 · time · embDim a token, forward once and backward twice.
    const ofAttention = 3 * nLayers * 2 * (2 * tokens * windowLength * embDim);
    // The gradient of the embeddings: one-hot rows or equal tokens, times the gradients.
    const ofLookUp = 2 * tokens * Math.min(vocabSize, tokens) * embDim;
    expect(profile.flops).toBe(ofWeights + ofAttention + ofLookUp);
    const rule = 6 * model.parameterCount * tokens; // 6 N, which counts biases and positions, too, and no attention
    expect(profile.flops / rule).toBeGreaterThan(0.9);
    expect(profile.flops / rule).toBeLessThan(1.5);
  });

  it('knows what memory is for', () => {
    const bytes = Object.fromEntries(profile.memory.map(({ purpose, bytes }) => [purpose, bytes]));
    const weights = 4 * model.parameterCount;
    expect(bytes).toMatchObject({ weights, gradients: weights, 'moments of AdamW': 2 * weights });
    expect(bytes['activations at the peak']).toBeGreaterThan(100_000);
  });

  it('leaves the weights as they were, and no file behind', () => {
    expect(weightsOfModel(model)).toEqual(weights);
    expect(temporary.notes()).toEqual([]);
  });

  it('works for the other family, with several batches in a step', async () => {
    const profile = await profileTraining(tinyLlama(), { batchSize: 2, windowLength: 8, gradientAccumulation: 3 });
    expectConsistent(profile);
    expect(profile.tokens).toBe(48);
  });

  it('says what is impossible, and leaves the runtime as it was', async () => {
    const runtime = await getRuntime();
    const refused = [{ batchSize: 0 }, { windowLength: 1000 }, { windowLength: 0.5 }, { gradientAccumulation: -1 }];
    for (const options of refused) await expect(profileTraining(model, options)).rejects.toThrow(/must be/);
    const reason = new Error('stopped');
    await expect(profileTraining(model, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const objective = () => {
      throw new Error('a mistake in the objective');
    };
    await expect(profileTraining(model, { objective })).rejects.toThrow('a mistake in the objective');
    expect(await getRuntime()).toBe(runtime);
    expect(temporary.notes()).toEqual([]);
  });

  it('is refused by a runtime that cannot tell times', async () => {
    const runtime = await getRuntime();
    const silent: Runtime = { name: 'silent', capabilities: standardOnnx, load: runtime.load };
    setRuntime(silent);
    try {
      await expect(profileTraining(model)).rejects.toThrow(
        'the runtime silent cannot tell how long its operators take',
      );
      expect(await getRuntime()).toBe(silent);
    } finally {
      setRuntime(runtime);
    }
  });
});

it('noting times changes no loss and no weight', async () => {
  const losses = async (isNoting: boolean) => {
    const model = tinyGPT2({ dropRate: 0.1 });
    const runtime = await getRuntime();
    const recorder = new Recorder(runtime);
    if (isNoting) setRuntime(recorder);
    const ids = Uint16Array.from({ length: 500 }, (_, i) => (i * i) % 300);
    const trainer = new Trainer({
      model,
      objective: isNoting
        ? (model, batch, pass) => withModelScopes(model, () => nextToken(model, batch, pass))
        : nextToken,
      batches: new RandomWindows(ids, { batchSize: 3, windowLength: 16 }, new Random(5)),
      optimizer: new AdamW(model.namedParameters()),
      learningRate: 1e-3,
      gradientAccumulation: 2,
    });
    const made: number[] = [];
    try {
      for (let step = 0; step < 6; step++) {
        if (step === 3) recorder.start();
        made.push((await trainer.trainStep()).loss);
      }
      const runs = isNoting ? await recorder.finish() : [];
      expect(runs.length > 0).toBe(isNoting);
    } finally {
      setRuntime(runtime);
      await recorder.dispose();
    }
    return { made, weights: weightsOfModel(model) };
  };
  expect(await losses(true)).toEqual(await losses(false));
});
