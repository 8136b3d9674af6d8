import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { saveGguf, savePretrained } from '../../src/disk/pretrained.ts';
import { GPT2, type GPT2Config, gpt2, summarizeModel, totalOf } from '../../src/models/index.ts';
import { FakeHub } from '../support/fake-hub.ts';
import { temporaryFolder, trainedFolder, tsgpt } from '../support/run-cli.ts';
import { tinyGPT2, tinyLlama } from '../support/tiny-models.ts';

/**
 * The forward pass by the formula of PaLM's appendix B (Chowdhery et al., 2022): two operations for every weight that is
 * multiplied with, and attention over the whole context.
 */
function forwardFlops({ nLayers, embDim, contextLength, vocabSize }: GPT2Config): number {
  const weights = 12 * nLayers * embDim ** 2 + vocabSize * embDim;
  return 2 * weights + 4 * nLayers * contextLength * embDim;
}

describe('the summary', () => {
  it('has the FLOPs of the published formula', () => {
    const flops = (config: GPT2Config) => totalOf(summarizeModel('gpt2', config), 'flopsPerToken');
    for (const config of Object.values(gpt2)) expect(flops(config)).toBe(forwardFlops(config));
    // What nanoGPT's transformer_sizing.ipynb comes to for one whole context.
    expect(1024 * flops(gpt2.small)).toBe(291_648_307_200);
  });

  it('has as many parameters as the model itself', () => {
    const configs = fc.record({
      vocabSize: fc.integer({ min: 1, max: 40 }),
      contextLength: fc.integer({ min: 1, max: 40 }),
      embDim: fc.constantFrom(4, 12, 20),
      nHeads: fc.constantFrom(1, 2, 4),
      nLayers: fc.integer({ min: 1, max: 3 }),
      dropRate: fc.constant(0),
      qkvBias: fc.boolean(),
      tiedHead: fc.boolean(),
    });
    fc.assert(
      fc.property(configs, (config) => {
        const groups = summarizeModel('gpt2', config);
        expect(totalOf(groups, 'parameters')).toBe(new GPT2(config).parameterCount);
        for (const { parameterShapes, parameters } of groups.flatMap(({ layers }) => layers)) {
          const sizes = parameterShapes.map((shape) => (JSON.parse(shape) as number[]).reduce((a, b) => a * b));
          expect(sizes.reduce((a, b) => a + b, 0)).toBe(parameters);
        }
      }),
    );
  });
});

describe('info', () => {
  it('of GPT-2 small', async () => {
    const { code, stdout, stderr } = await tsgpt('info', 'gpt2-small');
    expect([code, stderr]).toEqual([0, '']);
    for (const part of [
      '124,412,160', // parameters in all
      '[50257, 768]',
      '38,597,376', // of them in the token embedding
      'transformer block, 12 times',
      '[batch, 12, time, time]',
      '284,812,800', // FLOPs per token
      '474.6 MiB in float32',
      '1.9 GiB: weights, gradients',
      '854.4M FLOPs per token',
    ]) {
      expect(stdout).toContain(part);
    }
    expect(stdout).not.toContain('\u001b');
  });

  it.each([
    ['gpt2-medium', '354,749,440'],
    ['gpt2-large', '773,891,840'],
    ['gpt2-xl', '1,557,380,800'],
  ])('of %s', async (preset, parameters) => {
    expect((await tsgpt('info', preset)).stdout).toContain(parameters);
  });

  it('of a run tells of its checkpoint', async () => {
    const folder = await trainedFolder();
    const { stdout } = await tsgpt('info', folder, '--last');
    expect(stdout).toMatch(/last\.json: gpt2 after step 6, validation loss \d\.\d{4}, char tokenizer/);
    expect(stdout).toContain('[batch, time, 16]');
  });

  it('of a published model needs nothing but its config.json', async () => {
    const folder = temporaryFolder();
    await savePretrained(join(folder, 'model'), { model: tinyLlama() });
    rmSync(join(folder, 'model', 'model.safetensors'));
    const { code, stdout, stderr } = await tsgpt('info', join(folder, 'model'));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('model: llama, 300 tokens, context of 64');
    expect(stdout).toContain(tinyLlama().parameterCount.toLocaleString('en-US'));
  });

  it('of a GGUF file', async () => {
    const path = join(temporaryFolder(), 'model.gguf');
    await saveGguf(path, { model: tinyGPT2() });
    const { code, stdout, stderr } = await tsgpt('info', path);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('model.gguf: gpt2, 300 tokens, context of 64');
    expect(stdout).toContain(tinyGPT2().parameterCount.toLocaleString('en-US'));
  });

  it('of a model of the hub downloads only its config.json', async () => {
    const folder = join(temporaryFolder(), 'model');
    await savePretrained(folder, { model: tinyGPT2() });
    const files = Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
    const hub = new FakeHub();
    await hub.start();
    onTestFinished(() => hub.stop());
    hub.models.set('someone/model', { commit: '0'.repeat(40), files });
    vi.stubEnv('HF_ENDPOINT', hub.endpoint);
    vi.stubEnv('HF_HUB_CACHE', temporaryFolder());
    onTestFinished(() => void vi.unstubAllEnvs());
    const { code, stdout, stderr } = await tsgpt('info', 'someone/model');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('someone/model: gpt2, 300 tokens');
    expect(hub.requestsOf('config.json').length).toBeGreaterThan(0);
    expect(hub.requestsOf('model.safetensors')).toEqual([]);
  });

  it('as JSON', async () => {
    const { stdout } = await tsgpt('info', 'gpt2-small', '--json');
    const { name, family, config, parameters, bytes, layers } = JSON.parse(stdout);
    expect([name, family, config.embDim, parameters]).toEqual(['gpt2-small', 'gpt2', 768, 124_412_160]);
    expect(bytes).toEqual({ weights: 4 * parameters, trainingState: 16 * parameters });
    expect(layers[1]).toMatchObject({ title: 'transformer block', repeat: 12 });
    const { checkpoint } = JSON.parse((await tsgpt('info', await trainedFolder(), '--json', '--last')).stdout);
    expect(checkpoint).toMatchObject({ name: 'last', step: 6 });
  });
});
