import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../../src/core/errors.ts';
import { type LoadedCheckpoint, loadCheckpoint, runInFolder, trainInFolder } from '../../../../src/disk/run/index.ts';
import type { GPT2 } from '../../../../src/models/index.ts';
import { Module, Parameter, zerosInit } from '../../../../src/nn/index.ts';
import { crossEntropy, type Tensor } from '../../../../src/tensor/index.ts';
import { AdamW, Trainer } from '../../../../src/train/index.ts';
import { Momentum, maskedNextToken, QuestionsAndAnswers } from '../../../support/own-training.ts';
import {
  errorOf,
  measured,
  readLog,
  temporaryFolder,
  tinyModel,
  tinyTokenizer,
  weightBits,
} from '../../../support/tiny.ts';
import { newRun, resumedRun } from '../../../support/tiny-run.ts';

interface OwnRunOptions {
  validates?: boolean;
  Optimizer?: typeof AdamW | typeof Momentum;
  resumeFrom?: LoadedCheckpoint;
}

/** A run with an objective and batches of its own, from the beginning or from a checkpoint. */
function ownRun(folder: string, { validates = true, Optimizer = AdamW, resumeFrom }: OwnRunOptions = {}) {
  const model = (resumeFrom?.model as GPT2) ?? tinyModel({ dropRate: 0.2 });
  const trainer = new Trainer({
    model,
    objective: maskedNextToken,
    batches: new QuestionsAndAnswers(3, 1),
    validation: validates ? new QuestionsAndAnswers(3, 2) : undefined,
    evalBatches: 2,
    optimizer: new Optimizer(model.namedParameters()),
    learningRate: (step) => 1e-2 / (1 + step),
    gradientAccumulation: 2,
    maxGradNorm: 1,
    seed: 5,
  });
  const reports = runInFolder(trainer, {
    folder,
    model,
    tokenizer: tinyTokenizer,
    steps: 9,
    evalInterval: 3,
    resumeFrom,
  });
  return { model, reports };
}

describe('a run with an objective and batches of its own', () => {
  it.each<[string, OwnRunOptions]>([
    ['with validation data', {}],
    ['without', { validates: false }],
    ['with an optimizer of its own', { Optimizer: Momentum }],
  ])('goes on bit for bit after it was stopped: %s', async (_, options) => {
    const whole = temporaryFolder();
    const unstopped = ownRun(whole, options);
    for await (const _ of unstopped.reports);
    const losses = readLog(whole).map(measured);
    expect(losses.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);

    for (const stop of [3, 4]) {
      const folder = temporaryFolder();
      for await (const { step } of ownRun(folder, options).reports) if (step === stop) break;
      const resumed = ownRun(folder, { ...options, resumeFrom: await loadCheckpoint(folder, 'last') });
      for await (const _ of resumed.reports);
      expect(readLog(folder).map(measured)).toEqual(losses);
      expect(weightBits(resumed.model)).toEqual(weightBits(unstopped.model));
    }
  });

  it('is not resumed with another optimiser', async () => {
    const folder = temporaryFolder();
    for await (const { step } of ownRun(folder).reports) if (step === 3) break;
    const { reports } = ownRun(folder, { Optimizer: Momentum, resumeFrom: await loadCheckpoint(folder, 'last') });
    const error = await errorOf(reports.next());
    expect(error).toBeInstanceOf(TsgptError);
    expect(error.message).toContain(
      'was trained with another optimiser: that one remembers firstMoment and secondMoment, this one velocity',
    );
  });

  it('is not resumed as training on a text', async () => {
    const folder = temporaryFolder();
    for await (const { step } of ownRun(folder).reports) if (step === 4) break;
    const error = await errorOf(resumedRun(folder));
    expect(error).toBeInstanceOf(TsgptError);
    expect(error.message).toContain('does not say which text the model was trained on');
  });
});

describe('a checkpoint from before there were streams of batches', () => {
  it('is resumed bit for bit', async () => {
    const whole = newRun(temporaryFolder());
    for await (const _ of trainInFolder(whole));

    const folder = temporaryFolder();
    for await (const { step } of trainInFolder(newRun(folder))) if (step === 5) break;
    const path = join(folder, 'last.json');
    const file = JSON.parse(readFileSync(path, 'utf8'));
    const { batches, ...training } = file.training;
    expect(batches).toHaveLength(4);
    writeFileSync(path, JSON.stringify({ ...file, training: { ...training, windows: batches } }));

    const resumed = await resumedRun(folder);
    for await (const _ of trainInFolder(resumed));
    expect(weightBits(resumed.model)).toEqual(weightBits(whole.model));
    expect(readLog(folder).map(measured)).toEqual(readLog(whole.folder).map(measured));
  });
});

/** Predicts the next token from the last one alone. It belongs to no family. */
class Bigrams extends Module {
  readonly family = 'bigrams';
  readonly config: { vocabSize: number; contextLength: number };
  readonly table: Parameter; // [vocabSize, vocabSize]: logits of what follows each token

  constructor(config: { vocabSize: number; contextLength: number }) {
    super();
    this.config = config;
    this.table = new Parameter([config.vocabSize, config.vocabSize], zerosInit);
  }

  features(tokens: Tensor): Tensor {
    return this.table.rows(tokens);
  }

  unembed(features: Tensor): Tensor {
    return features;
  }

  loss(tokens: Tensor, targets: Tensor): Tensor {
    return crossEntropy(this.features(tokens), targets);
  }
}

describe('a model of no family', () => {
  it('trains, saves, resumes and writes', async () => {
    const load = (folder: string) => loadCheckpoint(folder, 'last', (config: Bigrams['config']) => new Bigrams(config));
    const run = (folder: string, model = new Bigrams({ vocabSize: 8, contextLength: 8 })) => ({
      ...newRun(folder),
      model,
    });
    const whole = run(temporaryFolder());
    for await (const _ of trainInFolder(whole));

    const { folder, ...stopped } = run(temporaryFolder());
    const samples: unknown[] = [];
    const sample = { prompt: 'ab', tokens: 4 };
    for await (const report of trainInFolder({ ...stopped, folder, sample })) {
      if (report.sample) samples.push(report.sample);
      if (report.step === 5) break;
    }
    expect(samples).toEqual([expect.stringMatching(/^ab[a-h]{4}$/), expect.stringMatching(/^ab[a-h]{4}$/)]);
    const resumeFrom = await load(folder);
    for await (const _ of trainInFolder({ ...run(folder, resumeFrom.model), resumeFrom }));
    const { model } = await load(folder);
    expect(model).toBeInstanceOf(Bigrams);
    expect(weightBits(model)).toEqual(weightBits(whole.model));
    expect(weightBits(model)).not.toEqual(weightBits(new Bigrams(model.config)));
    await expect(loadCheckpoint(folder)).rejects.toThrow('there is no model family "bigrams" here');
  });
});
