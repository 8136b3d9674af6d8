import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import type { Shape } from '../../../src/core/shape.ts';
import {
  GPT2,
  Llama,
  type LlamaConfig,
  loadPublishedWeights,
  publishedName,
  type WeightSource,
} from '../../../src/models/index.ts';

const config: LlamaConfig = {
  vocabSize: 5,
  contextLength: 8,
  embDim: 4,
  nHeads: 2,
  nKvHeads: 1,
  headDim: 6,
  nLayers: 2,
  hiddenDim: 3,
  normEps: 1e-5,
  ropeTheta: 10_000,
  qkvBias: true,
  outputBias: false,
  feedForwardBias: false,
  qkNorm: true,
  tiedHead: false,
  dropRate: 0,
};
const tied = { ...config, tiedHead: true };

type Tensors = Map<string, { shape: Shape; data: Float32Array }>;

function sourceOf(tensors: Tensors): WeightSource {
  return { tensors, has: (name) => tensors.has(name), readFloats: async (name) => tensors.get(name)! };
}

/** Random weights under their published names, each with its own values. */
function published(of: LlamaConfig, prefix = 'model.'): Tensors {
  const model = new Llama(of);
  return new Map(
    [...model.namedParameters()].map(([path, { shape, size }], i) => {
      const name = publishedName(model, path).replace(/^model\./, prefix);
      return [name, { shape, data: Float32Array.from({ length: size }, (_, j) => i + j / size) }];
    }),
  );
}

async function load(of: LlamaConfig, tensors: Tensors): Promise<Llama> {
  const model = new Llama(of);
  await loadPublishedWeights(model, sourceOf(tensors));
  return model;
}

const [embedding, head] = ['model.embed_tokens.weight', 'lm_head.weight'];
const inBlock = (rest: string) => `model.layers.1.${rest}`;

describe('the published names of a Llama', () => {
  it('are those of Hugging Face', () => {
    expect([...published(config).keys()].filter((name) => !name.includes('layers.0'))).toEqual([
      'model.embed_tokens.weight',
      ...['input_layernorm.weight'].map(inBlock),
      ...['q_proj', 'k_proj', 'v_proj'].flatMap((name) => [
        inBlock(`self_attn.${name}.weight`),
        inBlock(`self_attn.${name}.bias`),
      ]),
      ...['self_attn.q_norm.weight', 'self_attn.k_norm.weight', 'self_attn.o_proj.weight'].map(inBlock),
      ...['post_attention_layernorm.weight', 'mlp.gate_proj.weight', 'mlp.up_proj.weight'].map(inBlock),
      ...['mlp.down_proj.weight'].map(inBlock),
      'model.norm.weight',
      'lm_head.weight',
    ]);
  });
});

describe('loading the weights of a Llama', () => {
  it('puts every tensor in its place, with the prefix before the names or without', async () => {
    for (const prefix of ['model.', '']) {
      const tensors = published(config, prefix);
      const model = await load(config, tensors);
      expect([...model.namedParameters().values()].map(({ value }) => value)).toEqual(
        [...tensors.values()].map(({ data }) => data),
      );
    }
  });

  it('finds a matrix that is embedding and head under either name, or both', async () => {
    const tensors = published(tied);
    const matrix = tensors.get(embedding)!;
    const under = (...names: string[]) => {
      const others = [...tensors].filter(([name]) => name !== embedding);
      return new Map([...others, ...names.map((name) => [name, matrix] as const)]);
    };
    for (const names of [[embedding], [head], [embedding, head], ['embed_tokens.weight']]) {
      const model = await load(tied, under(...names));
      expect(model.tokenEmbedding.weight.value).toEqual(matrix.data);
    }
    const different = under(embedding).set(head, { ...matrix, data: matrix.data.map((x) => x + 1) });
    await expect(load(tied, different)).rejects.toThrow(
      'lm_head.weight differs from embed_tokens.weight, so the head is not the token embedding',
    );
    await expect(load(tied, under())).rejects.toThrow('the weights have no tensor embed_tokens.weight');
  });

  it('passes over the angles that old files hold', async () => {
    const angles = { shape: [3], data: new Float32Array(3) };
    const tensors = published(config)
      .set('model.layers.0.self_attn.rotary_emb.inv_freq', angles)
      .set('model.rotary_emb.inv_freq', angles);
    await load(config, tensors);
  });

  it.each<[string, LlamaConfig, (tensors: Tensors) => void, string]>([
    [
      'a missing tensor',
      config,
      (t) => t.delete(inBlock('mlp.up_proj.weight')),
      'no tensor layers.1.mlp.up_proj.weight, ',
    ],
    [
      'a missing head',
      config,
      (t) => t.delete(head),
      "no tensor lm_head.weight, which the model's head.weight is read",
    ],
    ['one of another shape', { ...config, hiddenDim: 4 }, () => {}, 'gate_proj.weight is [3, 4], but'],
    ['more blocks', { ...config, nLayers: 1 }, () => {}, 'model.layers.1.input_layernorm.weight, which has no place'],
    ['fewer blocks', { ...config, nLayers: 3 }, () => {}, 'no tensor layers.2.input_layernorm.weight'],
    ['biases', { ...config, qkvBias: false }, () => {}, 'model.layers.0.self_attn.q_proj.bias, which has no place'],
    ['norms of heads', { ...config, qkNorm: false }, () => {}, 'self_attn.q_norm.weight, which has no place'],
    ['anything else', config, (t) => t.set('extra', t.get(head)!), 'have a tensor extra, which has no place'],
    [
      'what no terminal should see',
      config,
      (t) => t.set('a\u001b[2J', t.get(head)!),
      'have a tensor a\\u{1b}[2J, which',
    ],
    ['a tensor twice', config, (t) => t.set('norm.weight', t.get('model.norm.weight')!), 'have norm.weight twice'],
  ])('refuses %s', async (_, of, change, message) => {
    const tensors = published(config);
    change(tensors);
    await expect(load(of, tensors)).rejects.toThrow(TsgptError);
    await expect(load(of, tensors)).rejects.toThrow(message);
  });
});

describe('loading the weights of a GPT-2', () => {
  const gpt2 = { vocabSize: 5, contextLength: 4, embDim: 4, nHeads: 2, nLayers: 1, dropRate: 0, qkvBias: true };
  const shapes: Record<string, Shape> = {
    'wte.weight': [5, 4],
    'wpe.weight': [4, 4],
    ...Object.fromEntries(
      ['ln_1', 'ln_2'].flatMap((name) => ['weight', 'bias'].map((kind) => [`h.0.${name}.${kind}`, [4]])),
    ),
    'h.0.attn.c_attn.weight': [4, 12],
    'h.0.attn.c_attn.bias': [12],
    'h.0.attn.c_proj.weight': [4, 4],
    'h.0.attn.c_proj.bias': [4],
    'h.0.mlp.c_fc.weight': [4, 16],
    'h.0.mlp.c_fc.bias': [16],
    'h.0.mlp.c_proj.weight': [16, 4],
    'h.0.mlp.c_proj.bias': [4],
    'ln_f.weight': [4],
    'ln_f.bias': [4],
  };
  const filled = (shape: Shape, value = 1) => ({
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b)).fill(value),
  });
  const tensors = (): Tensors =>
    new Map(Object.entries(shapes).map(([name, shape]) => [`transformer.${name}`, filled(shape)]));
  const loadInto = async (tiedHead: boolean, change: (tensors: Tensors) => void) => {
    const model = new GPT2({ ...gpt2, tiedHead });
    const changed = tensors();
    change(changed);
    await loadPublishedWeights(model, sourceOf(changed));
    return model;
  };

  it('passes over causal masks, and over a head that is the embedding', async () => {
    await loadInto(true, (all) => {
      all.set('transformer.h.0.attn.bias', filled([1, 1, 4, 4])).set('transformer.h.0.attn.masked_bias', filled([1]));
      all.set('lm_head.weight', filled([5, 4]));
    });
    const model = await loadInto(true, (all) => {
      all.delete('transformer.wte.weight');
      all.set('lm_head.weight', filled([5, 4], 7));
    });
    expect(model.tokenEmbedding.weight.value[0]).toBe(7);
  });

  it('refuses a head of its own where it should be tied, and what has no place', async () => {
    await expect(loadInto(true, (all) => all.set('lm_head.weight', filled([5, 4], 2)))).rejects.toThrow(
      'lm_head.weight differs from wte.weight, so the head is not the token embedding; build the model with tiedHead: false',
    );
    await expect(loadInto(false, (all) => all.set('score.weight', filled([2, 4])))).rejects.toThrow(
      'the weights have a tensor score.weight, which has no place in a model of this configuration',
    );
  });
});
