import { ensure } from '../../core/errors.ts';
import type { Shape } from '../../core/shape.ts';
import type { StoredPart } from '../../graph/index.ts';
import { PublishedWeights, type WeightSource } from '../published-weights.ts';
import { partOf } from '../stored-part.ts';
import type { GPT2 } from './gpt2.ts';

/** Where a parameter of ours stands in OpenAI's weights as Hugging Face publishes them. */
export interface PublishedPlace {
  name: string;
  /** OpenAI stores matrices as [in, out], we as [out, in]. */
  transposed?: boolean;
  /** Query, key and value are one tensor there; this is the third it is. */
  third?: 0 | 1 | 2;
}

const layers: Record<string, string> = {
  attentionNorm: 'ln_1',
  'attention.output': 'attn.c_proj',
  feedForwardNorm: 'ln_2',
  'feedForward.expand': 'mlp.c_fc',
  'feedForward.contract': 'mlp.c_proj',
};
const embeddings: Record<string, string> = {
  'tokenEmbedding.weight': 'wte.weight',
  'positionEmbedding.weight': 'wpe.weight',
  'finalNorm.weight': 'ln_f.weight',
  'finalNorm.bias': 'ln_f.bias',
  'head.weight': 'lm_head.weight',
};
const thirds = ['attention.query', 'attention.key', 'attention.value'];

const prefix = 'transformer.';
/** Causal masks, which some files have: the model makes its own. */
const buffer = /^h\.\d+\.attn\.(masked_)?bias$/;

/** The place of the parameter at `path`; its name is without the prefix `transformer.`. */
export function publishedPlace(path: string): PublishedPlace {
  const [, block, layer, kind] = /^blocks\.(\d+)\.(.+)\.(weight|bias)$/.exec(path) ?? [];
  if (!block || !layer) return { name: embeddings[path]! };
  const third = thirds.indexOf(layer) as 0 | 1 | 2 | -1;
  const transposed = kind === 'weight' && !layer.endsWith('Norm');
  if (third >= 0) return { name: `h.${block}.attn.c_attn.${kind}`, transposed, third: third as 0 | 1 | 2 };
  return { name: `h.${block}.${layers[layer]}.${kind}`, transposed };
}

/**
 * Fills the model with weights under the names that OpenAI's GPT-2 has at Hugging Face, with or without the prefix
 * `transformer.`. Throws if a tensor is missing, does not fit the configuration, or has no place in it.
 */
export async function loadGPT2Weights(model: GPT2, source: WeightSource): Promise<void> {
  const { qkvBias, nLayers, tiedHead } = model.config;
  const weights = new PublishedWeights(source, prefix);
  ensure(
    qkvBias || !weights.has('h.0.attn.c_attn.bias'),
    'the weights have biases for query, key and value; build the model with qkvBias: true',
  );
  ensure(
    !weights.has(`h.${nLayers}.ln_1.weight`),
    `the weights have more than ${nLayers} blocks; build the model with more nLayers`,
  );
  const expected = new Set([...model.namedParameters().keys()].map((path) => publishedPlace(path).name));
  const [embedding, head] = [publishedPlace('tokenEmbedding.weight').name, publishedPlace('head.weight').name];
  if (tiedHead) expected.add(head);
  weights.checkNoOthers((name) => expected.has(name) || buffer.test(name));
  for (const [path, parameter] of model.namedParameters()) {
    if (tiedHead && path === 'tokenEmbedding.weight') await weights.fillTied(parameter, path, embedding, head);
    else await weights.fill(parameter, path, publishedPlace(path).name, publishedPart(path, parameter.shape));
  }
}

/** One tensor in our layout: for the parameter at `path`, of `shape`. */
export async function readGPT2Weight(path: string, shape: Shape, source: WeightSource): Promise<Float32Array> {
  const part = publishedPart(path, shape);
  const data = await new PublishedWeights(source, prefix).read(publishedPlace(path).name, part?.shape ?? shape, path);
  return part ? partOf(data, part, shape) : data;
}

/** Which part of its published tensor the parameter at `path` is, if not the whole as it stands there. */
function publishedPart(path: string, shape: Shape): StoredPart | undefined {
  const { transposed = false, third } = publishedPlace(path);
  if (!transposed && third === undefined) return undefined;
  const stored = transposed ? shape.toReversed() : [...shape];
  const columns = stored.at(-1)!;
  if (third !== undefined) stored[stored.length - 1] = 3 * columns;
  return { shape: stored, firstColumn: (third ?? 0) * columns, transposed };
}
