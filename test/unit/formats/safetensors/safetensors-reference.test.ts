import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSafetensors } from '../../../../src/disk/safetensors.ts';

/** Files that PyTorch and the reference implementation of safetensors wrote. */
const references = resolve('../shared/reference');

describe.skipIf(!existsSync(references))('safetensors files of the reference implementation', () => {
  it('hold the logits and targets whose mean cross-entropy is the recorded loss', async () => {
    await using reader = await openSafetensors(resolve(references, 'gpt2-train/reference.safetensors'));
    const recorded = JSON.parse(readFileSync(resolve(references, 'gpt2-train/reference.json'), 'utf8'));
    expect(reader.tensors.get('logits')).toMatchObject({
      dtype: 'F32',
      shape: [3, 24, 97],
      byteLength: 3 * 24 * 97 * 4,
    });

    const vocab = 97;
    const logits = (await reader.read('logits')).data as Float32Array;
    const targets = (await reader.read('targets', { int32: true })).data as Int32Array;
    let sum = 0;
    for (let i = 0; i < targets.length; i++) {
      const row = logits.subarray(i * vocab, (i + 1) * vocab);
      sum += Math.log(row.reduce((total, logit) => total + Math.exp(logit), 0)) - row[targets[i]!]!;
    }
    expect(sum / targets.length).toBeCloseTo(recorded.loss, 5);
  });

  it('have the shapes of the model configuration, and finite weights', async () => {
    await using reader = await openSafetensors(resolve(references, 'gpt2-train/model.safetensors'));
    const config = JSON.parse(readFileSync(resolve(references, 'gpt2-train/config.json'), 'utf8'));
    expect(reader.tensors.get('transformer.wte.weight')?.shape).toEqual([config.vocab_size, config.n_embd]);
    expect(reader.tensors.get('transformer.wpe.weight')?.shape).toEqual([config.n_positions, config.n_embd]);
    for (const [name, { shape }] of reader.tensors) {
      const weights = new Float32Array(shape.reduce((a, b) => a * b, 1));
      await reader.readInto(name, weights);
      expect(weights.every(Number.isFinite), name).toBe(true);
    }
  });
});
