import { ensure } from '../../core/errors.ts';
import { quoted } from '../../core/printable.ts';
import { float32, type MetadataToWrite, uint32 } from '../../formats/gguf/index.ts';
import type { RotaryScaling } from '../../nn/index.ts';
import type { GgufForm } from '../family.ts';
import type { GgufSource, Hyperparameters } from '../gguf-hyperparameters.ts';
import { NamedWeights } from '../named-weights.ts';
import { publishedPart, splitPath } from '../parameter-path.ts';
import type { PublishedTensor, TensorLayout } from '../tensor-layout.ts';
import { type LlamaConfig, llamaConfig } from './config.ts';
import { llama3Factors, scalingFromFactors } from './rope-factors.ts';
import { neighbourOf } from './rotary-rows.ts';

/** Our names of parts → llama.cpp's names. */
const parts: Record<string, string> = {
  tokenEmbedding: 'token_embd',
  finalNorm: 'output_norm',
  head: 'output',
  attentionNorm: 'attn_norm',
  'attention.query': 'attn_q',
  'attention.key': 'attn_k',
  'attention.value': 'attn_v',
  'attention.queryNorm': 'attn_q_norm',
  'attention.keyNorm': 'attn_k_norm',
  'attention.output': 'attn_output',
  feedForwardNorm: 'ffn_norm',
  'feedForward.gate': 'ffn_gate',
  'feedForward.up': 'ffn_up',
  'feedForward.down': 'ffn_down',
};
const ropeFactors = 'rope_freqs.weight';

/** Llama, Qwen2 and Qwen3. */
export const llamaGguf: GgufForm<LlamaConfig> = {
  architectures: ['llama', 'qwen2', 'qwen3'],
  async readConfig(hyperparameters, reader) {
    const { architecture } = hyperparameters;
    checkNothingElse(hyperparameters);
    const embDim = hyperparameters.number('embedding_length');
    const nHeads = hyperparameters.number('attention.head_count');
    const headDim = hyperparameters.number('attention.key_length', embDim / nHeads);
    hyperparameters.fixed('attention.value_length', headDim);
    hyperparameters.fixed('rope.dimension_count', headDim);
    const theta = hyperparameters.number('rope.freq_base', 10_000);
    const contextLength = hyperparameters.number('context_length');
    const window = hyperparameters.number('attention.sliding_window', 0);
    const config: LlamaConfig = {
      vocabSize: hyperparameters.vocabSize,
      contextLength,
      embDim,
      nHeads,
      nKvHeads: hyperparameters.number('attention.head_count_kv', nHeads),
      headDim,
      nLayers: hyperparameters.number('block_count'),
      hiddenDim: hyperparameters.number('feed_forward_length'),
      normEps: hyperparameters.number('attention.layer_norm_rms_epsilon'),
      ropeTheta: theta,
      ...(window > 0 && window < contextLength && { slidingWindow: window }),
      qkvBias: reader.has('blk.0.attn_q.bias'),
      outputBias: reader.has('blk.0.attn_output.bias'),
      feedForwardBias: reader.has('blk.0.ffn_gate.bias'),
      qkNorm: architecture === 'qwen3',
      tiedHead: !reader.has('output.weight'),
      dropRate: 0,
    };
    llamaConfig.check(config);
    const ropeScaling = await readScaling(hyperparameters, reader, { headDim, theta });
    return ropeScaling ? { ...config, ropeScaling } : config;
  },

  writeConfig: (config) => ({ architecture: architectureOf(config), hyperparameters: hyperparametersOf(config) }),
  layout,
};

function layout({ headDim, ropeTheta: theta, ropeScaling }: LlamaConfig, architecture: string): TensorLayout {
  const factors = ropeScaling?.kind === 'llama3' ? llama3Factors({ headDim, theta }, ropeScaling) : undefined;
  const extra: PublishedTensor[] = factors ? [{ name: ropeFactors, shape: [factors.length], make: () => factors }] : [];
  return {
    ignored: /^rope_freqs\.weight$/, // read with the configuration
    extra,
    placeOf(path) {
      const { block, part, kind } = splitPath(path);
      const isReordered = architecture === 'llama' && /^attention\.(query|key)$/.test(part);
      return {
        name: `${block ? `blk.${block}.` : ''}${publishedPart(parts, part)}.${kind}`,
        rowOf: isReordered ? (row) => neighbourOf(row, headDim) : undefined,
      };
    },
  };
}

/** Throws a TsgptError if the file has an option that would change the computation. */
function checkNothingElse(hyperparameters: Hyperparameters): void {
  hyperparameters.fixed('expert_count', 0);
  hyperparameters.fixed('attention.causal', true);
  hyperparameters.fixed('rope.scaling.attn_factor', 1);
  ensure(
    !hyperparameters.has('attention.sliding_window_pattern'),
    'only some of its blocks have a sliding window, which is not supported',
  );
}

async function readScaling(
  hyperparameters: Hyperparameters,
  reader: GgufSource,
  head: { headDim: number; theta: number },
): Promise<RotaryScaling | undefined> {
  const kind = hyperparameters.text('rope.scaling.type', 'linear');
  ensure(
    ['none', 'linear'].includes(kind),
    () => `its rotary positions are scaled as ${quoted(kind)}, but only "linear" and Llama 3's are supported`,
  );
  const older = hyperparameters.number('rope.scale_linear', 1);
  const factor = kind === 'none' ? 1 : hyperparameters.number('rope.scaling.factor', older);
  const linear: RotaryScaling | undefined = factor === 1 || factor === 0 ? undefined : { kind: 'linear', factor };
  if (!reader.has(ropeFactors)) return linear;
  ensure(!linear, 'its rotary positions are scaled in two ways, which is not supported');
  const factors = await new NamedWeights(reader).read(ropeFactors, [head.headDim / 2], 'rotary positions');
  return scalingFromFactors(factors, head);
}

/** The architecture of llama.cpp that computes the same as the model. Throws a TsgptError if there is none. */
function architectureOf(config: LlamaConfig): string {
  const { qkvBias, outputBias, feedForwardBias, qkNorm, ropeScaling, nHeads, headDim, embDim } = config;
  const isPlain = !outputBias && !feedForwardBias && ropeScaling?.kind !== 'llama3';
  ensure(
    !qkNorm || isPlain,
    'this model cannot be written as GGUF: with qkNorm, llama.cpp (qwen3) supports biases only of queries, keys and values, and ' +
      "does not support Llama 3's rotary scaling",
  );
  if (qkNorm) return 'qwen3';
  return qkvBias && isPlain && nHeads * headDim === embDim ? 'qwen2' : 'llama';
}

function hyperparametersOf(config: LlamaConfig): Record<string, MetadataToWrite> {
  const { headDim, ropeScaling } = config;
  const scaling: Record<string, MetadataToWrite> =
    ropeScaling?.kind === 'linear'
      ? { 'rope.scaling.type': 'linear', 'rope.scaling.factor': float32(ropeScaling.factor) }
      : {};
  return {
    vocab_size: uint32(config.vocabSize),
    context_length: uint32(config.contextLength),
    embedding_length: uint32(config.embDim),
    feed_forward_length: uint32(config.hiddenDim),
    block_count: uint32(config.nLayers),
    'attention.head_count': uint32(config.nHeads),
    'attention.head_count_kv': uint32(config.nKvHeads),
    'attention.key_length': uint32(headDim),
    'attention.value_length': uint32(headDim),
    'attention.layer_norm_rms_epsilon': float32(config.normEps),
    ...(config.slidingWindow && { 'attention.sliding_window': uint32(config.slidingWindow) }),
    'rope.dimension_count': uint32(headDim),
    'rope.freq_base': float32(config.ropeTheta),
    ...scaling,
  };
}
