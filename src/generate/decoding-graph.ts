import { type Baked, bake } from '../compile/index.ts';
import type { ConstantLeaves } from '../graph/index.ts';
import type { LanguageModel } from '../models/index.ts';
import { withModelScopes } from '../models/model-scopes.ts';
import type { AttentionCache, AttentionHeads } from '../nn/index.ts';
import { cachedAttention, openLengths, pad, type Tensor } from '../tensor/index.ts';
import { targetScores } from './target-scores.ts';

const { batch, time, selected, capacity } = openLengths;

/** ONNX Runtime needs the head dimension to be a multiple of 8. Others are padded with zeros, which change no product. */
export function paddedHeadDim(headDim: number): number {
  return Math.ceil(headDim / 8) * 8;
}

/** Computes the logits of the selected tokens, or the scores of their targets, and then the cache. `storageOf` says how the weights are stored. */
export function decodingGraph(
  model: LanguageModel,
  paddedDim: number,
  wanted: 'logits' | 'targets',
  storageOf: ConstantLeaves['storageOf'],
): Baked {
  const { nLayers, nKvHeads } = model.cacheShape;
  const int32 = (name: string, shape: number[]) => ({ name, shape, dtype: 'int32' as const });
  const cacheShape = [batch, nKvHeads, capacity, paddedDim];
  const inputs = [
    int32('tokens', [batch, time]),
    int32('positions', [batch, time]),
    int32('last positions', [batch]),
    int32('longest', []),
    int32('selected', [selected]),
    ...Array.from({ length: 2 * nLayers }, (_, i) => ({
      name: `cache ${i}`,
      shape: cacheShape,
      dtype: 'float32' as const,
    })),
    ...(wanted === 'targets' ? [int32('targets', [selected])] : []),
  ];
  const trace = (...[tokens, positions, lastPosition, longest, rows, ...rest]: Tensor[]) => {
    const past = rest.slice(0, 2 * nLayers);
    const targets = rest[past.length];
    const cache = new TracedCache(positions!, { lastPosition: lastPosition!, longest: longest!, past, paddedDim });
    const features = model.features(tokens!, { cache });
    const chosen = features.reshape([batch * time, features.shape.at(-1)!]).rows(rows!); // [selected, embDim]
    const logits = model.unembed(chosen); // [selected, vocabSize]
    return [...(targets ? targetScores(logits, targets) : [logits]), ...cache.updated];
  };
  return bake(inputs, (...args) => withModelScopes(model, () => trace(...args)), storageOf);
}

/** The cache while the graph is built: each block takes the next two of its arrays. */
class TracedCache implements AttentionCache {
  readonly positions: Tensor;
  /** The arrays with the new tokens, in the order of `past`. */
  readonly updated: Tensor[] = [];
  readonly #inputs: { lastPosition: Tensor; longest: Tensor; past: readonly Tensor[]; paddedDim: number };

  constructor(
    positions: Tensor,
    inputs: { lastPosition: Tensor; longest: Tensor; past: readonly Tensor[]; paddedDim: number },
  ) {
    this.positions = positions;
    this.#inputs = inputs;
  }

  attend(query: Tensor, key: Tensor, value: Tensor, heads: AttentionHeads): Tensor {
    const { lastPosition, longest, past, paddedDim } = this.#inputs;
    const headDim = query.shape.at(-1)! / heads.nHeads;
    const [pastKeys, pastValues] = past.slice(this.updated.length) as [Tensor, Tensor];
    const options = { ...heads, scale: 1 / Math.sqrt(headDim), pastKeys, pastValues, lastPosition, longest };
    const { mixed, keys, values } = cachedAttention(
      widenHeads(query, heads.nHeads, paddedDim),
      widenHeads(key, heads.nKvHeads, paddedDim),
      widenHeads(value, heads.nKvHeads, paddedDim),
      options,
    );
    this.updated.push(keys, values);
    return narrowHeads(mixed, heads.nHeads, headDim);
  }
}

/** Pads every head with zeros to `headDim`: `[batch, time, heads * narrower]` to `[batch, time, heads * headDim]`. */
function widenHeads(x: Tensor, heads: number, headDim: number): Tensor {
  const [batch, time, width] = x.shape as [number, number, number];
  if (width === heads * headDim) return x;
  const split = x.reshape([batch, time, heads, width / heads]);
  return pad(split, [0, 0, 0, 0], [0, 0, 0, headDim - width / heads]).reshape([batch, time, heads * headDim]);
}

/** Reverses {@link widenHeads}. */
function narrowHeads(x: Tensor, heads: number, headDim: number): Tensor {
  const [batch, time, width] = x.shape as [number, number, number];
  if (width === heads * headDim) return x;
  const split = x.reshape([batch, time, heads, width / heads]);
  return split.slice(null, null, null, [0, headDim]).reshape([batch, time, heads * headDim]);
}
