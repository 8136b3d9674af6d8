import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { presets } from '../../src/cli/presets.ts';
import { compile } from '../../src/compile/index.ts';
import { createModel, type LanguageModel } from '../../src/models/index.ts';
import { fromArray } from '../../src/tensor/index.ts';
import { sequentialWindows, splitTrainValidation, type TokenIds } from '../../src/text/index.ts';
import { CharTokenizer } from '../../src/tokenizer/index.ts';
import { initialRandom, train } from '../../src/train/index.ts';
import { hasShared, shared } from '../support/shared.ts';

/** The mean loss over a whole text: every token but the first is predicted once. */
async function wholeLoss(model: LanguageModel, ids: TokenIds): Promise<number> {
  const loss = compile((tokens, targets) => [model.loss(tokens!, targets!)]);
  const { contextLength } = model.config;
  let total = 0;
  for (const { tokens, targets } of sequentialWindows(ids, { batchSize: 32, windowLength: contextLength })) {
    const [mean] = await loss.run([tokens, targets].map(({ data, shape }) => fromArray(data, shape)));
    total += mean![0]! * targets.data.length;
  }
  return total / (ids.length - 1);
}

/**
 * nanoGPT's recipe for a processor: https://github.com/karpathy/nanoGPT, "I only have a macbook". There it comes to a
 * validation loss of 1.88, with a model of the same size and in as many steps.
 */
it.skipIf(!hasShared)(
  'the preset char-small learns to write like Shakespeare as well as nanoGPT does, and with Muon in fewer steps',
  async () => {
    const text = readFileSync(shared('data', 'tinyshakespeare.txt'), 'utf8');
    const tokenizer = CharTokenizer.fromText(text);
    expect(tokenizer.vocabSize).toBe(65);
    const { model: config, training } = presets['char-small']!;
    expect(config).toMatchObject({ nLayers: 4, nHeads: 4, embDim: 128, contextLength: 64, dropRate: 0 });
    expect(training).toMatchObject({ batchSize: 12, gradientAccumulation: 1, steps: 2000 });

    const ids = splitTrainValidation(Uint16Array.from(tokenizer.encode(text)), 0.1);
    const vocabSize = tokenizer.vocabSize;
    const model = createModel('gpt2', { vocabSize, ...config }, initialRandom(training.seed));
    const before = await wholeLoss(model, ids.validation);
    expect(Math.abs(before - Math.log(vocabSize))).toBeLessThan(0.1);

    for await (const { step, loss } of train(model, ids, training)) {
      if (step > 0 && step % 500 === 0) console.log(`step ${step}: training loss ${loss!.toFixed(4)}`);
    }
    const after = await wholeLoss(model, ids.validation);
    console.log(`loss over the whole validation text: ${after.toFixed(4)}`);
    expect(after).toBeLessThan(1.9);

    // Muon in three quarters of the steps, at its default learning rate.
    const other = createModel('gpt2', { vocabSize, ...config }, initialRandom(training.seed));
    const { batchSize, warmupSteps, seed } = training;
    const options = { optimizer: 'muon', steps: 0.75 * training.steps, batchSize, warmupSteps, seed } as const;
    for await (const _ of train(other, ids, options));
    const afterMuon = await wholeLoss(other, ids.validation);
    console.log(`with Muon, in ${options.steps} steps: ${afterMuon.toFixed(4)}`);
    expect(afterMuon).toBeLessThan(after);
  },
  1_200_000,
);
