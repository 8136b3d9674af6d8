import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openText } from '../../src/disk/open-text.ts';
import { Decoder } from '../../src/generate/index.ts';
import {
  measureHellaSwag,
  measureLambada,
  measurePerplexity,
  type PerplexityOptions,
  type PerplexityResult,
  readHellaSwag,
  readLambada,
} from '../../src/measure/index.ts';
import { textSourceOf } from '../../src/text/index.ts';
import type { Tokenizer } from '../../src/tokenizer/index.ts';
import { loadModel } from '../support/load-model.ts';
import { hasShared, shared } from '../support/shared.ts';

// All numbers are from a PyTorch program that shares nothing with this one: both models written out in a few lines of float64,
// byte-pair encoding by the merge list (for the Llama, the ids were given to it), a whole pass over every window or case,
// and the loops of Hugging Face's "Perplexity of fixed-length models" (with max_length one larger, as there the last target
// counts) and of lm-evaluation-harness's log-likelihoods. Texts are the beginning of the TinyStories file.

const hasBzip2 = spawnSync('bzip2', ['--version'], { input: '' }).status === 0;

async function open(name: string): Promise<{ decoder: Decoder; tokenizer: Tokenizer }> {
  const { model, tokenizer } = await loadModel(shared('models', name));
  return { decoder: new Decoder(model), tokenizer: tokenizer! };
}

async function perplexityOf(decoder: Decoder, tokenizer: Tokenizer, length: number, options: PerplexityOptions) {
  const text = readFileSync(shared('data', 'tinystories-2MiB.txt'), 'utf8').slice(0, length);
  let last: PerplexityResult | undefined;
  for await (last of measurePerplexity(decoder, tokenizer, textSourceOf(text), options));
  return last!;
}

describe.skipIf(!hasShared)('a trained GPT-2 of 3.4 million parameters, against PyTorch', () => {
  let decoder: Decoder;
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    ({ decoder, tokenizer } = await open('tinystories-chat-3m-as-gpt2'));
  });
  afterAll(() => decoder.dispose());

  it.each([
    [256, 2.658591543547696, 0.11493173403899146],
    [128, 2.5025876179951405, 0.11036546102919022],
    [100, 2.515285852866808, 0.11073867120889128],
  ])('has its loss on three windows and more with stride %d', async (stride, loss, standardError) => {
    const result = await perplexityOf(decoder, tokenizer, 2800, { stride });
    expect(result.tokens).toBe(695);
    expect(result.loss.value).toBeCloseTo(loss, 5);
    expect(result.loss.standardError).toBeCloseTo(standardError, 5);
    // The first token, "One", is not predicted.
    expect(result.bitsPerByte).toBeCloseTo((loss * 695) / Math.LN2 / (2800 - 3), 5);
  });

  it('is right about the same last words of LAMBADA', async () => {
    const cases = await readLambada(await openText(shared('data', 'lambada_test.jsonl')));
    expect(cases).toHaveLength(5153);
    const right: number[] = [];
    let last: { result: { loss: { value: number } } } | undefined;
    for await (const report of measureLambada(decoder, tokenizer, cases, { limit: 60 })) {
      if (report.isRight) right.push(report.result.cases - 1);
      last = report;
    }
    expect(right).toEqual([20, 23, 30]);
    expect(last!.result.loss.value).toBeCloseTo(11.651739637584276, 4);
  });

  it.skipIf(!hasBzip2)('is right about the same endings of HellaSwag', async () => {
    const args = ['-dc', shared('data', 'hellaswag_val.txt.bz2')];
    const text = execFileSync('bzip2', args, { encoding: 'utf8', maxBuffer: 2 ** 24 });
    const cases = await readHellaSwag(textSourceOf(text));
    expect(cases).toHaveLength(10_042);
    const right: number[] = [];
    const rightNormalized: number[] = [];
    for await (const report of measureHellaSwag(decoder, tokenizer, cases, { limit: 25 })) {
      const number = report.result.cases - 1;
      if (report.isRight) right.push(number);
      if (report.isRightNormalized) rightNormalized.push(number);
      if (number > 0) continue;
      const expected = [-49.68458782664297, -62.09437231775279, -51.302315069492266, -46.06128734379785];
      for (const [i, logProbability] of expected.entries())
        expect(report.logProbabilities[i]).toBeCloseTo(logProbability, 3);
    }
    expect(right).toEqual([0, 2, 4, 9, 12, 15, 19, 20, 23]);
    expect(rightNormalized).toEqual([0, 9, 11, 19, 20, 22, 23]);
  });
});

describe.skipIf(!hasShared)('a trained Llama of 0.7 million parameters, against PyTorch', () => {
  it('has its loss, every text beginning with its own token', async () => {
    const { decoder, tokenizer } = await open('tinystories-656k-llama');
    const result = await perplexityOf(decoder, tokenizer, 1500, { stride: 512 });
    await decoder.dispose();
    expect(result.tokens).toBe(347);
    expect(result.loss.value).toBeCloseTo(3.639284761072756, 5);
  });
});
