import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { loadCheckpoint, saveCheckpoint } from '../../src/disk/run/index.ts';
import { generate, generateTokens } from '../../src/generate/index.ts';
import type { LanguageModel } from '../../src/models/index.ts';
import { fromArray } from '../../src/tensor/index.ts';
import type { Tokenizer } from '../../src/tokenizer/index.ts';
import { type LoadedModel, loadModel } from '../support/load-model.ts';
import { hasShared, shared } from '../support/shared.ts';

const prompt = 'User: Hello! How are you?\nBot:';
const answer = " I'm doing well, thank you. How are you?";

async function write(model: LanguageModel, tokenizer: Tokenizer): Promise<string> {
  let text = '';
  for await (const piece of generate(model, tokenizer, prompt, { temperature: 0, maxTokens: 50 })) text += piece;
  return text;
}

describe.skipIf(!hasShared)('openModel', () => {
  let pretrained: LoadedModel;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tsgpt-pretrained-'));
    pretrained = await loadModel(shared('models', 'tinystories-chat-3m-as-gpt2'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('reads a published GPT-2', () => {
    const { model, modelType } = pretrained;
    expect(modelType).toBe('gpt2');
    expect(model.family).toBe('gpt2');
    expect(model.config).toEqual({
      vocabSize: 14_019,
      contextLength: 256,
      embDim: 128,
      nHeads: 16,
      nLayers: 8,
      dropRate: 0.1,
      qkvBias: true,
      tiedHead: true,
    });
  });

  it('answers as the published model does, and then ends the text', async () => {
    const { model, tokenizer } = pretrained;
    expect(await write(model, tokenizer!)).toBe(answer);
    const ids: number[] = [];
    const options = { temperature: 0, maxTokens: tokenizer!.encode(answer).length + 1 };
    for await (const { id } of generateTokens(model, tokenizer!.encode(prompt), options)) ids.push(id);
    expect(ids).toEqual([...tokenizer!.encode(answer), tokenizer!.endOfTextId]);
    expect(tokenizer!.decode(ids)).toBe(`${answer}<|endoftext|>`);
  });

  it('can be kept as a checkpoint, with its tokenizer', async () => {
    await saveCheckpoint(folder, ['last'], { model: pretrained.model, tokenizer: pretrained.tokenizer!, step: 0 });
    const { model, tokenizer } = await loadCheckpoint(folder);
    expect(tokenizer.kind).toBe('hugging-face');
    expect(await write(model, tokenizer)).toBe(answer);
  });

  it('computes the logits that were published with tiny weights', async () => {
    const reference = (file: string) => shared('reference', 'tiny-hf', file);
    const { config, sequences, logits } = JSON.parse(readFileSync(reference('tiny_gpt2_logits.json'), 'utf8'));
    const published = { model_type: 'gpt2', activation_function: 'gelu_new', vocab_size: config.vocab, ...config };
    await writeFile(join(folder, 'config.json'), JSON.stringify(published));
    await copyFile(reference('tiny_gpt2.safetensors'), join(folder, 'model.safetensors'));

    const { model, tokenizer } = await loadModel(folder);
    expect(tokenizer).toBeUndefined();
    const forward = compile((tokens) => [model.unembed(model.features(tokens!))]);
    const [ours] = await forward.run([fromArray(Int32Array.from(sequences.flat()), [3, 16])]);
    const expected = Float32Array.from(logits.flat(2));
    expect(ours!.length).toBe(expected.length);
    for (const [i, logit] of expected.entries()) expect(Math.abs(Number(ours![i]) - logit)).toBeLessThan(1e-5);
  });
});
