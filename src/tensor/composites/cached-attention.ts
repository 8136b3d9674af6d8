import { ensure } from '../../core/errors.ts';
import { ensureCount, ensureNumber } from '../../core/kind.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import { formatShape, sameShape } from '../../core/shape.ts';
import { microsoftDomain } from '../../formats/onnx/model.ts';
import { defineComposite } from '../composite.ts';
import { ensureTensors } from '../operands.ts';
import { where } from '../primitives/elementwise.ts';
import { arange, indexBelow } from '../primitives/leaves.ts';
import type { Tensor } from '../tensor.ts';
import { ensureWindow, isVisible } from './causal.ts';

interface CachedAttentionAttributes {
  nHeads: number;
  nKvHeads: number;
  scale: number;
  window?: number;
}

const applyCachedAttention = defineComposite<CachedAttentionAttributes>({
  name: 'cachedAttention',
  definition: ([query, key, value, pastKeys, pastValues, lastPosition], { nHeads, nKvHeads, scale, window }) => {
    const [batch, time, queryWidth] = query!.shape as [number, number, number];
    const capacity = pastKeys!.shape[2]!;
    const headDim = queryWidth / nHeads;
    const group = nHeads / nKvHeads; // the number of query heads that share one head of keys and values

    // For each slot of the cache, the index of the new token that belongs there, if any.
    const first = lastPosition!.sub(time - 1).reshape([batch, 1, 1, 1]);
    const token = arange(capacity).reshape([1, 1, capacity, 1]).sub(first); // [batch, 1, capacity, 1]
    const isNew = token.ge(0).logicalAnd(token.lt(time));
    const index = where(isNew, token, 0).expand([batch, nKvHeads, capacity, headDim]);
    const store = (rows: Tensor, past: Tensor) => {
      const heads = rows.reshape([batch, time, nKvHeads, headDim]).permute(0, 2, 1, 3);
      return where(isNew, heads.gather(2, index), past); // [batch, nKvHeads, capacity, headDim]
    };
    const keys = store(key!, pastKeys!);
    const values = store(value!, pastValues!);

    const repeat = (t: Tensor) =>
      t
        .reshape([batch, nKvHeads, 1, capacity, headDim])
        .expand([batch, nKvHeads, group, capacity, headDim])
        .reshape([batch, nHeads, capacity, headDim]);
    const queries = query!.reshape([batch, time, nHeads, headDim]).permute(0, 2, 1, 3);
    const scores = queries.matmul(repeat(keys).transpose(-2, -1)).mul(scale); // [batch, nHeads, time, capacity]
    const position = arange(time).reshape([1, 1, time, 1]).add(first); // [batch, 1, time, 1]
    const visible = isVisible(position, arange(capacity), { window }); // [batch, 1, time, capacity]
    const weights = where(visible, scores, Number.NEGATIVE_INFINITY).softmax(-1);
    const mixed = weights.matmul(repeat(values)).permute(0, 2, 1, 3).reshape([batch, time, queryWidth]);
    return [mixed, keys, values];
  },
  // ONNX Runtime's operator writes new keys and values into the old arrays if one array is both input and output. For each row it takes the number of
  // tokens minus one.
  lowering: (emitter, { attributes: { nHeads, nKvHeads, scale, window } }, [query, key, value, ...rest]) => {
    // Queries, keys and values that are parts of one array need not be cut apart.
    const whole = emitter.splitOf([query!, key!, value!]);
    const operands = whole ? [whole, '', ''] : [query!, key!, value!];
    return emitter.emitMany('GroupQueryAttention', [...operands, ...rest], 3, {
      attributes: { num_heads: nHeads, kv_num_heads: nKvHeads, ...(window && { local_window_size: window }) },
      floats: { scale },
      domain: microsoftDomain,
    });
  },
  contribOperators: ['GroupQueryAttention'],
  writesOver: { 1: 3, 2: 4 },
});

export interface CachedAttentionOptions {
  /** The number of heads of queries. */
  nHeads: number;
  /** The number of heads of keys and values. Each serves nHeads / nKvHeads heads of queries (Ainslie et al., 2023). */
  nKvHeads: number;
  /** The factor of the scores, usually 1 / √headDim. */
  scale: number;
  /** The number of tokens that a token attends to: itself and those just before it. Defaults to all. */
  window?: number | undefined;
  /** Keys of the earlier tokens, `[batch, nKvHeads, capacity, headDim]`. Free slots may hold anything. */
  pastKeys: Tensor;
  /** Values of the earlier tokens, like {@link pastKeys}. */
  pastValues: Tensor;
  /** int32 `[batch]`: for each row the position of its last token in its text, counted from 0. */
  lastPosition: Tensor;
  /** int32 scalar: the largest of `lastPosition`, plus 1. */
  longest: Tensor;
}

const cachedAttentionOptions: OptionNames<CachedAttentionOptions> = {
  ...{ nHeads: true, nKvHeads: true, scale: true, window: true },
  ...{ pastKeys: true, pastValues: true, lastPosition: true, longest: true },
};

/**
 * Causal attention of new tokens to themselves and to earlier tokens, with a key-value cache.
 *
 * Takes `query [batch, time, nHeads * headDim]` and, of the same new tokens, `key` and `value [batch, time, nKvHeads * headDim]`.
 * Returns `mixed`, the weighted sums of values, `[batch, time, nHeads * headDim]`, and `keys` and `values`, the cache with the new
 * tokens in it, `[batch, nKvHeads, capacity, headDim]`. A graph may write the new cache over the old one.
 *
 * After earlier tokens, `time` may be more than 1 only if `batch` is 1. Throws a TsgptError if shapes do not fit; a last position outside the
 * cache makes the run fail.
 */
export function cachedAttention(query: Tensor, key: Tensor, value: Tensor, options: CachedAttentionOptions) {
  const known = knownOptions('cachedAttention', options, cachedAttentionOptions);
  const { nHeads, nKvHeads, scale, window, pastKeys, pastValues, lastPosition, longest } = known;
  ensureTensors('cachedAttention', query, key, value, pastKeys, pastValues, lastPosition, longest);
  for (const [name, count] of Object.entries({ nHeads, nKvHeads })) ensureCount(name, count);
  ensureNumber('cachedAttention', 'scale', scale);
  ensureWindow(window);
  const headDim = query.shape.at(-1)! / nHeads;
  ensure(
    sameShape(key.shape, [...query.shape.slice(0, -1), nKvHeads * headDim]) && sameShape(key.shape, value.shape),
    () =>
      `cachedAttention: queries ${formatShape(query.shape)} in ${nHeads} heads do not fit keys ` +
      `${formatShape(key.shape)} and values ${formatShape(value.shape)} in ${nKvHeads} heads`,
  );
  const operands = [query, key, value, pastKeys, pastValues, lastPosition, longest];
  const hasRoom = indexBelow(lastPosition, pastKeys.shape[2]!, 'the cache');
  const [mixed, keys, values] = applyCachedAttention(
    operands,
    { nHeads, nKvHeads, scale, ...(window && { window }) },
    hasRoom,
  );
  return { mixed: mixed!, keys: keys!, values: values! };
}
