import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { openSafetensors } from '../../src/disk/safetensors.ts';
import { GPT2, gpt2, loadPublishedWeights, readPublishedWeight } from '../../src/models/index.ts';
import { fromArray, grad, type Tensor, tensor } from '../../src/tensor/index.ts';
import { AdamW, clipScale } from '../../src/train/index.ts';
import { hasShared, shared, weightsOf } from '../support/shared.ts';

const folder = (file: string) => shared('reference', 'gpt2-train', file);
const configOf = (json: Record<string, number>) => ({
  vocabSize: json.vocab_size!,
  contextLength: json.n_ctx!,
  embDim: json.n_embd!,
  nHeads: json.n_head!,
  nLayers: json.n_layer!,
  dropRate: 0,
  qkvBias: true,
  tiedHead: true,
});

async function loadModel(): Promise<GPT2> {
  const model = new GPT2(configOf(JSON.parse(readFileSync(folder('config.json'), 'utf8'))));
  await loadPublishedWeights(model, await weightsOf(folder('model.safetensors')));
  return model;
}

async function loadBatch(): Promise<{ tokens: Tensor; targets: Tensor; logits: Float32Array }> {
  const file = await openSafetensors(folder('reference.safetensors'));
  const ids = async (name: string) => {
    const { data, shape } = await file.read(name, { int32: true });
    return fromArray(data as Int32Array, shape, name);
  };
  const logits = (await file.read('logits')).data as Float32Array;
  const batch = { tokens: await ids('tokens'), targets: await ids('targets'), logits };
  await file.close();
  return batch;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a, (value, i) => Math.abs(value - b[i]!)).reduce((x, y) => Math.max(x, y), 0);
}

const largest = (values: ArrayLike<number>) => Array.from(values, Math.abs).reduce((x, y) => Math.max(x, y), 0);

describe.skipIf(!hasShared)('GPT-2 against PyTorch', () => {
  const reference = hasShared ? JSON.parse(readFileSync(folder('reference.json'), 'utf8')) : {};

  it('has the same logits, loss and gradients', async () => {
    const model = await loadModel();
    const { tokens, targets, logits } = await loadBatch();
    expect(largestDifference(await model.forward(tokens).data(), logits)).toBeLessThan(1e-5);

    const loss = model.loss(tokens, targets);
    expect(Math.abs((await loss.item()) - reference.loss)).toBeLessThan(1e-6);

    const published = await weightsOf(folder('reference.safetensors'), 'grad.');
    const gradients = grad(loss, model.parameters());
    for (const [i, path] of [...model.namedParameters().keys()].entries()) {
      const expected = await readPublishedWeight(model, path, published);
      // PyTorch has query, key and value in one tensor; the key's bias alone would be no scale, see below.
      const whole = path.replace('.key.', '.query.');
      const scale = largest(await readPublishedWeight(model, whole, published));
      expect(largestDifference(await gradients[i]!.data(), expected) / scale, path).toBeLessThan(1e-5);
    }
  });

  it('takes the same ten AdamW steps', async () => {
    const model = await loadModel();
    const { tokens, targets } = await loadBatch();
    const { adamw, losses_of_10_steps: losses, grad_norms_before_clip: norms } = reference;
    const optimizer = new AdamW(model.namedParameters(), {
      betas: adamw.betas,
      eps: adamw.eps,
      weightDecay: adamw.weight_decay_on_2d,
    });
    const step = compile((x, y) => {
      const loss = model.loss(x!, y!);
      return [loss, ...grad(loss, model.parameters())];
    });
    for (let i = 0; i < 10; i++) {
      const [loss] = await step.run([tokens, targets], [undefined, ...optimizer.gradients.values()]);
      expect(Math.abs(loss![0]! - losses[i]), `loss of step ${i}`).toBeLessThan(2e-5);
      const norm = await optimizer.gradientNorm();
      await optimizer.update({ learningRate: adamw.lr, gradientScale: clipScale(norm, adamw.clip_norm) });
      expect(Math.abs(norm - norms[i]), `gradient norm of step ${i}`).toBeLessThan(2e-5);
    }
    const after = await weightsOf(folder('after_10_steps.safetensors'));
    for (const [path, parameter] of model.namedParameters()) {
      const expected = await readPublishedWeight(model, path, after);
      // A key's bias moves all scores of a row alike, which softmax ignores, so its gradient is 0. The computed value is rounding,
      // 1e-9 in PyTorch too, and AdamW makes steps of that: PyTorch's own bias has drifted by 1.2e-4.
      const bound = path.endsWith('key.bias') ? 3e-4 : 1e-4;
      expect(largestDifference(parameter.value, expected), path).toBeLessThan(bound);
    }
  });

  it('loads a small published GPT-2 without prefix and has its logits', async () => {
    const { config, sequences, logits } = JSON.parse(
      readFileSync(shared('reference', 'tiny-hf', 'tiny_gpt2_logits.json'), 'utf8'),
    );
    const model = new GPT2(configOf({ ...config, vocab_size: config.vocab }));
    await using file = await openSafetensors(shared('reference', 'tiny-hf', 'tiny_gpt2.safetensors'));
    await loadPublishedWeights(model, file);
    const result = await model.forward(tensor(sequences, { dtype: 'int32' })).data();
    expect(largestDifference(result, logits.flat(2))).toBeLessThan(1e-4);
  });
});

describe('loading weights', () => {
  const config = { vocabSize: 5, contextLength: 4, embDim: 4, nHeads: 2, nLayers: 1, dropRate: 0, tiedHead: true };
  const holding = (...names: string[]) => ({
    has: (name: string) => names.includes(name),
    readFloats: () => Promise.reject(new Error('nothing is to be read')),
  });

  it('never leaves out what the file has and the model has not', async () => {
    const withoutBias = new GPT2({ ...config, qkvBias: false });
    const biased = holding('transformer.h.0.attn.c_attn.bias');
    await expect(loadPublishedWeights(withoutBias, biased)).rejects.toThrow('build the model with qkvBias: true');
    const shallow = new GPT2({ ...config, qkvBias: true });
    await expect(loadPublishedWeights(shallow, holding('h.1.ln_1.weight'))).rejects.toThrow('more than 1 blocks');
  });
});

describe('GPT-2 presets', () => {
  const count = (config: ConstructorParameters<typeof GPT2>[0]) => new GPT2(config).parameterCount;

  it.each([
    ['small', 124_412_160, 163_009_536],
    ['medium', 354_749_440, 406_212_608],
    ['large', 773_891_840, 838_220_800],
    ['xl', 1_557_380_800, 1_637_792_000],
  ] as const)('%s has the published number of parameters, tied and untied', (name, tied, untied) => {
    expect(count(gpt2[name])).toBe(tied);
    expect(count({ ...gpt2[name], tiedHead: false })).toBe(untied);
  });

  it("small with biases for query, key and value has as many parameters as OpenAI's", () => {
    expect(count({ ...gpt2.small, qkvBias: true })).toBe(124_439_808);
  });
});
