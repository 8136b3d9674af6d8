import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generate, generateTokens, promptIds } from '../../src/generate/index.ts';
import { Llama, llama, publishedName, summarizeModel, totalOf } from '../../src/models/index.ts';
import { rotaryFrequencies } from '../../src/nn/index.ts';
import { compute, fromArray, grad, tensor } from '../../src/tensor/index.ts';
import { type LlamaCase, llamaOf, llamaTokens } from '../support/llama-cases.ts';
import { loadModel } from '../support/load-model.ts';
import { hasShared, shared } from '../support/shared.ts';

/**
 * Numbers from PyTorch 1.13: the models of llama-cases.ts, written as safetensors under their published names, were read by a
 * program in Python that shares no code with this project. It follows the papers: one head at a time, pairs turned as complex
 * numbers, gradients by PyTorch; all in float64 but the rotary angles, which are products of float32 numbers. `second` and `last`
 * are the logits after the second and the fortieth token; the loss is that of predicting the tokens from those before.
 *
 * Those of Mistral are from a program in NumPy of the same kind; its gradients are central differences of the loss in float64.
 */
const fromPyTorch: Record<LlamaCase, { second: number[]; last: number[]; loss: number; gradNorm: number }> = {
  'Llama 2': {
    second: [0.5526307, -0.9104405, -0.2296904, 0.5784585, -3.232496, 0.6553737, -1.80693],
    last: [0.652745, 0.4326534, 0.6619921, 0.5827435, 1.145841, -0.4878225, -1.630517],
    loss: 2.669917,
    gradNorm: 4.426861,
  },
  'Llama 3': {
    second: [-0.4597858, -0.4079137, 0.2991348, 0.2965791, -0.252767, -1.319136, 0.5749283],
    last: [-0.7561216, 0.5207517, 0.2354785, 0.3799335, -0.5555927, -0.8129729, -0.07190419],
    loss: 2.461027,
    gradNorm: 5.39588,
  },
  'linear scaling': {
    second: [0.5876704, -0.5547673, 0.450535, 1.29527, -2.960261, 0.5804266, -1.69937],
    last: [0.6248247, 0.3634648, 0.791947, 0.5161515, 0.9813282, -0.5049066, -1.722776],
    loss: 2.483791,
    gradNorm: 3.815746,
  },
  Mistral: {
    second: [0.5526307, -0.9104405, -0.2296904, 0.5784585, -3.232496, 0.6553737, -1.80693],
    last: [0.5362099, 0.8608795, 1.181732, 0.2280668, 1.138908, -0.5336802, -1.683225],
    loss: 2.955126,
    gradNorm: 4.239719,
  },
  'all biases': {
    second: [-2.65572, 1.646347, 1.326022, 0.1074577, 1.745041, -1.205503, -2.688225],
    last: [1.771892, 1.217204, 2.999459, 1.092575, -3.049867, 0.3707718, -1.195386],
    loss: 3.405723,
    gradNorm: 6.096743,
  },
  Qwen2: {
    second: [1.33081, 1.043536, 3.280357, 0.5371014, -0.2961475, 2.760096, 1.3083],
    last: [2.548825, 1.456881, 0.7691628, -0.5942643, -0.7651145, 3.004204, 1.490567],
    loss: 2.62517,
    gradNorm: 3.946873,
  },
  Qwen3: {
    second: [1.661415, 0.2404057, -2.410568, 0.1538771, -0.7833303, 0.1553926, -0.2470974],
    last: [1.636217, 0.5054218, -2.948407, 0.3937493, -1.059284, 0.05055876, 0.2788623],
    loss: 2.054177,
    gradNorm: 2.721669,
  },
};

/** The norms of the gradients of some parameters, by their published names. */
const gradNormsFromPyTorch: Partial<Record<LlamaCase, Record<string, number>>> = {
  'all biases': {
    'model.embed_tokens.weight': 2.539464,
    'model.layers.0.input_layernorm.weight': 0.8658887,
    'model.layers.0.self_attn.q_proj.weight': 1.259672,
    'model.layers.0.self_attn.q_proj.bias': 0.3046372,
    'model.layers.0.self_attn.k_proj.weight': 1.609422,
    'model.layers.0.self_attn.k_proj.bias': 0.1067935,
    'model.layers.0.self_attn.v_proj.weight': 1.719229,
    'model.layers.0.self_attn.v_proj.bias': 0.5953949,
    'model.layers.0.self_attn.o_proj.weight': 1.973227,
    'model.layers.0.self_attn.o_proj.bias': 0.4589442,
    'model.layers.0.post_attention_layernorm.weight': 0.5827259,
    'model.layers.0.mlp.gate_proj.weight': 0.8254548,
    'model.layers.0.mlp.gate_proj.bias': 0.2465519,
    'model.layers.0.mlp.up_proj.weight': 0.9956083,
    'model.layers.0.mlp.up_proj.bias': 0.3218931,
    'model.layers.0.mlp.down_proj.weight': 1.009533,
    'model.layers.0.mlp.down_proj.bias': 0.3150289,
    'model.norm.weight': 1.385649,
    'lm_head.weight': 2.584517,
  },
  Mistral: {
    'model.embed_tokens.weight': 1.889129,
    'model.layers.0.input_layernorm.weight': 0.5888548,
    'model.layers.0.self_attn.q_proj.weight': 1.14668,
    'model.layers.0.self_attn.k_proj.weight': 0.9464117,
    'model.layers.0.self_attn.v_proj.weight': 1.783232,
    'model.layers.0.self_attn.o_proj.weight': 1.338283,
    'model.layers.0.post_attention_layernorm.weight': 0.5707581,
    'model.layers.0.mlp.gate_proj.weight': 0.6888401,
    'model.layers.0.mlp.up_proj.weight': 0.9336954,
    'model.layers.0.mlp.down_proj.weight': 1.010901,
    'model.norm.weight': 0.6216847,
    'lm_head.weight': 1.34185,
  },
  Qwen3: {
    'model.embed_tokens.weight': 1.362968,
    'model.layers.0.input_layernorm.weight': 0.291835,
    'model.layers.0.self_attn.q_proj.weight': 0.3150675,
    'model.layers.0.self_attn.k_proj.weight': 0.3836451,
    'model.layers.0.self_attn.v_proj.weight': 0.9279036,
    'model.layers.0.self_attn.q_norm.weight': 0.1638477,
    'model.layers.0.self_attn.k_norm.weight': 0.1714282,
    'model.layers.0.self_attn.o_proj.weight': 1.119628,
    'model.layers.0.post_attention_layernorm.weight': 0.2753623,
    'model.layers.0.mlp.gate_proj.weight': 0.5832372,
    'model.layers.0.mlp.up_proj.weight': 0.2520182,
    'model.layers.0.mlp.down_proj.weight': 0.286985,
    'model.norm.weight': 0.4995046,
  },
};

function expectAllClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(Math.abs(actual[i]! - value)).toBeLessThan(tolerance);
}

const norm = (values: Iterable<number>) => Math.hypot(...values);

describe.each(Object.keys(fromPyTorch) as LlamaCase[])('%s, tiny and random,', (name) => {
  const model = llamaOf(name);
  const length = llamaTokens.length;
  const tokens = fromArray(llamaTokens, [1, length]);
  const following = Int32Array.from(llamaTokens, (_, i) => llamaTokens[(i + 1) % length]!);
  const expected = fromPyTorch[name];

  it('has the logits, loss and gradients of PyTorch', async () => {
    const logits = model.forward(tokens);
    const loss = model.loss(tokens, fromArray(following, [1, length]));
    const parameters = model.namedParameters();
    const gradients = grad(loss, [...parameters.values()]);
    await compute([logits, loss, ...gradients]);

    const rows = await logits.array<number[][][]>();
    expectAllClose(rows[0]![1]!, expected.second, 1e-5);
    expectAllClose(rows[0]!.at(-1)!, expected.last, 1e-5);
    expect(await loss.item()).toBeCloseTo(expected.loss, 5);
    const values = await Promise.all(gradients.map((gradient) => gradient.data()));
    expect(norm(values.map(norm)) / expected.gradNorm).toBeCloseTo(1, 5);
    const byName = [...parameters.keys()].map((path, i) => [publishedName(model, path), norm(values[i]!)] as const);
    for (const [parameter, gradNorm] of Object.entries(gradNormsFromPyTorch[name] ?? {})) {
      expect(new Map(byName).get(parameter)! / gradNorm, parameter).toBeCloseTo(1, 5);
    }
  });
});

describe('rotary frequencies', () => {
  // Some of each, as PyTorch computes them in float32; Llama 3's are changed from the fourth named here on.
  const places = [0, 1, 13, 14, 15, 16, 17];
  it.each([
    ['tinyLlama', [1, 0.7498942, 0.023713736, 0.017782794, 0.013335215, 0.01, 0.0074989423], 1.3335215e-4],
    ['qwen3', [1, 0.8058422, 0.060429644, 0.048696753, 0.0392419, 0.03162278, 0.025482967], 1.2409378e-6],
    ['llama3', [1, 0.6636013, 0.0048394212, 0.003211446, 0.001290548, 4.295567e-4, 9.708286e-5], 9.4183065e-8],
  ] as const)('of %s are those of PyTorch, to the last bit', (name, some, last) => {
    const { headDim, ropeTheta: theta } = llama[name];
    const scaling = name === 'llama3' ? llama[name].ropeScaling : undefined;
    const frequencies = rotaryFrequencies({ headDim, theta, scaling });
    expect(places.map((i) => frequencies[i])).toEqual(some.map(Math.fround));
    expect(frequencies.at(-1)).toBe(Math.fround(last));
    expect(frequencies).toHaveLength(headDim / 2);
  });
});

describe('published sizes', () => {
  it.each([
    ['smolLM2', 134_515_008],
    ['tinyLlama', 1_100_048_384],
    ['llama3', 1_235_814_400],
    ['qwen2', 494_032_768],
    ['qwen3', 596_049_920],
  ] as const)('%s has %i parameters', (name, parameters) => {
    // Nothing is allocated: parameters are drawn when they are first read.
    expect(new Llama(llama[name]).parameterCount).toBe(parameters);
    expect(totalOf(summarizeModel('llama', llama[name]), 'parameters')).toBe(parameters);
  });
});

describe.skipIf(!hasShared)('published models', () => {
  it('a tiny one has the logits it was published with', async () => {
    const reference = (file: string) => shared('reference', 'tiny-hf', file);
    const folder = await mkdtemp(join(tmpdir(), 'tsgpt-llama-'));
    await copyFile(reference('tiny_llama_config.json'), join(folder, 'config.json'));
    await copyFile(reference('tiny_llama.safetensors'), join(folder, 'model.safetensors'));
    const { model, modelType } = await loadModel(folder);
    await rm(folder, { recursive: true });
    expect([modelType, model.family]).toEqual(['llama', 'llama']);
    const { sequences, logits } = JSON.parse(readFileSync(reference('tiny_llama_logits.json'), 'utf8'));
    const tokens = tensor(sequences, { dtype: 'int32' });
    expectAllClose(await model.unembed(model.features(tokens)).data(), logits.flat(2), 1e-5);
  });

  it('TinyStories-656K writes the story that it writes in PyTorch, and ends it', async () => {
    const { model, tokenizer } = await loadModel(shared('models', 'tinystories-656k-llama'));
    expect(model.parameterCount).toBe(656_000);
    expect(model.config).toMatchObject({ nHeads: 8, nKvHeads: 4, headDim: 16, normEps: 1e-6, tiedHead: true });
    const prompt = promptIds(tokenizer!, 'Once upon a time');
    expect(prompt).toEqual([1, 80, 147, 201, 282, 57]);

    // From the same program in Python; the two likeliest tokens are nowhere closer than 0.004.
    const logits = await model.unembed(model.features(tensor([prompt], { dtype: 'int32' }))).array();
    const after = (logits as number[][][])[0]!.at(-1)!;
    expectAllClose(after.slice(0, 5), [-1.530338, -5.05758, -3.037589, -4.476752, 3.651178], 1e-4);
    expect(Math.max(...after)).toBeCloseTo(after[313]!, 6);

    const ids: number[] = [];
    for await (const { id } of generateTokens(model, prompt, { temperature: 0, maxTokens: 200, stopTokens: [2] })) {
      ids.push(id);
    }
    expect(ids).toEqual(storyFromPyTorch);
    let text = '';
    for await (const piece of generate(model, tokenizer!, 'Once upon a time', { temperature: 0 })) text += piece;
    expect(text).toMatch(/^, a little girl named Lily lived in a small house with her mom, dad, and her dog, Spot, /);
    // Its end is spelled out before the token that stands for it, at which writing stops: the model learnt it so.
    expect(text).toMatch(/the birds would not be afraid to find it\.<\|end_story\|>$/);
  });
});

// biome-ignore format: kept in rows
const storyFromPyTorch = [
  313, 598, 303, 1049, 1468, 267, 628, 333, 94, 1210, 263, 251, 604, 94, 1030, 94, 1030, 94, 436, 220, 1053, 615,
  303, 328, 552, 319, 1269, 163, 1945, 897, 645, 1188, 108, 319, 135, 448, 563, 1799, 1380, 1067, 163, 1855, 325,
  825, 1896, 274, 108, 521, 1858, 204, 1803, 94, 1252, 444, 666, 309, 448, 825, 266, 243, 104, 342, 521, 336, 303,
  1015, 1621, 319, 135, 204, 1803, 94, 1252, 444, 666, 309, 448, 825, 266, 243, 358, 303, 761, 251, 1115, 135, 489,
  342, 1333, 98, 123, 114, 163, 823, 280, 319, 98, 695, 108, 1071, 100, 167, 396, 221, 298, 53, 89, 119, 163, 421,
  544, 733, 521, 228, 532, 309, 93, 521, 89, 396, 221, 298, 53, 58, 244, 240, 98, 467, 119, 10, 208, 183, 209, 210,
];
