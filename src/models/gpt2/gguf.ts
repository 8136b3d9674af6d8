import type { Shape } from '../../core/shape.ts';
import { float32, type GgufReader, uint32 } from '../../formats/gguf/index.ts';
import type { GgufArchitecture, GgufForm } from '../gguf-form.ts';
import { checkBlocks, checkGPT2Config, GPT2, type GPT2Config } from '../index.ts';
import { concatenate } from '../published-tensors.ts';
import { PublishedWeights } from '../published-weights.ts';

/** Parts of ours and what llama.cpp calls them. Its matrices are [out, in], as ours. */
const parts: Record<string, string> = {
  tokenEmbedding: 'token_embd',
  positionEmbedding: 'position_embd',
  finalNorm: 'output_norm',
  head: 'output',
  attentionNorm: 'attn_norm',
  'attention.query': 'attn_qkv',
  'attention.key': 'attn_qkv',
  'attention.value': 'attn_qkv',
  'attention.output': 'attn_output',
  feedForwardNorm: 'ffn_norm',
  'feedForward.expand': 'ffn_up',
  'feedForward.contract': 'ffn_down',
};
const thirds = ['query', 'key', 'value'];
const layerNormEpsilon = 1e-5;

/** Where the parameter at `path` stands: a tensor's name and, of queries, keys and values, the third it is. */
function placeOf(path: string): { name: string; third: number } {
  const [, block, part, kind] = /^(?:blocks\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(path)!;
  const third = thirds.indexOf(part!.replace('attention.', ''));
  return { name: `${block ? `blk.${block}.` : ''}${parts[part!]}.${kind}`, third };
}

export const gpt2Architecture: GgufArchitecture<GPT2Config> = {
  architecture: 'gpt2',
  async readConfig(hyperparameters, reader) {
    const embDim = hyperparameters.number('embedding_length');
    const nHeads = hyperparameters.number('attention.head_count');
    hyperparameters.fixed('attention.layer_norm_epsilon', layerNormEpsilon);
    hyperparameters.fixed('feed_forward_length', 4 * embDim);
    hyperparameters.fixed('attention.head_count_kv', nHeads);
    hyperparameters.fixed('attention.causal', true);
    const config: GPT2Config = {
      vocabSize: hyperparameters.vocabSize,
      contextLength: hyperparameters.number('context_length'),
      embDim,
      nHeads,
      nLayers: hyperparameters.number('block_count'),
      dropRate: 0,
      qkvBias: reader.has('blk.0.attn_qkv.bias'),
      tiedHead: !reader.has('output.weight'),
    };
    checkGPT2Config(config);
    return config;
  },

  async load(config, reader) {
    checkBlocks('gpt2', config, reader, (path) => placeOf(path).name);
    const model = new GPT2(config);
    await fill(model, reader);
    return model;
  },
};

async function fill(model: GPT2, reader: GgufReader): Promise<void> {
  const weights = new PublishedWeights(reader, '');
  const parameters = model.namedParameters();
  const expected = new Set(Array.from(parameters.keys(), (path) => placeOf(path).name));
  weights.checkNoOthers((name) => expected.has(name));
  for (const [path, parameter] of parameters) {
    const { name, third } = placeOf(path);
    const { shape } = parameter;
    if (third < 0) {
      parameter.value = await weights.read(name, shape, path);
    } else if (third === 0) {
      const fused = await weights.read(name, tripled(shape), path);
      const length = fused.length / 3;
      thirds.forEach((part, i) => {
        parameters.get(path.replace('query', part))!.value = fused.slice(i * length, (i + 1) * length);
      });
    }
  }
}

/** A GPT-2 as llama.cpp expects it. It always has biases for query, key and value; zeros stand for those that a model does not have. */
export function ggufGPT2(model: GPT2): GgufForm {
  const { vocabSize, contextLength, embDim, nHeads, nLayers, qkvBias } = model.config;
  const parameters = model.namedParameters();
  const tensors = [...parameters].flatMap(([path, { shape, value }]) => {
    const { name, third } = placeOf(path);
    if (third < 0) return { name, shape, make: () => value };
    if (third > 0) return []; // it came with the query
    const values = thirds.map((part) => parameters.get(path.replace('query', part))!.value);
    const fused = { name, shape: tripled(shape), make: () => concatenate(values) };
    const biases = 3 * shape[0]!;
    const noBias = { name: name.replace('weight', 'bias'), shape: [biases], make: () => new Float32Array(biases) };
    return qkvBias ? fused : [fused, noBias];
  });
  return {
    architecture: 'gpt2',
    hyperparameters: {
      vocab_size: uint32(vocabSize),
      context_length: uint32(contextLength),
      embedding_length: uint32(embDim),
      feed_forward_length: uint32(4 * embDim),
      block_count: uint32(nLayers),
      'attention.head_count': uint32(nHeads),
      'attention.layer_norm_epsilon': float32(layerNormEpsilon),
    },
    tensors,
  };
}

/** Queries, keys and values, one below the other. */
function tripled([rows, ...rest]: Shape): Shape {
  return [3 * rows!, ...rest];
}
