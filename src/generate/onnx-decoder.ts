import { toOnnx } from '../compile/index.ts';
import type { OnnxModel } from '../formats/onnx/model.ts';
import type { ConstantLeaves } from '../graph/index.ts';
import type { LanguageModel } from '../models/index.ts';
import type { AttentionCache, AttentionHeads } from '../nn/index.ts';
import { isVisible } from '../tensor/composites/causal.ts';
import { arange, concat, openLengths, type Tensor, where } from '../tensor/index.ts';

const { batch, time, past, total } = openLengths;

/**
 * A model as an ONNX decoder for Hugging Face's libraries. Like their exports, it takes the keys and values of earlier tokens and returns them
 * with those of the new tokens appended.
 *
 * | input | | |
 * | --- | --- | --- |
 * | `input_ids` | int64 | `[batch, time]` |
 * | `attention_mask` | int64 | `[batch, past + time]`, 0 for padding, which may precede a text |
 * | `position_ids` | int64 | `[batch, time]`: the position of each token in its text |
 * | `past_key_values.N.key`, `.value` | float32 | `[batch, nKvHeads, past, headDim]`; `past` is 0 in the first pass |
 *
 * | output | | |
 * | --- | --- | --- |
 * | `logits` | float32 | `[batch, time, vocabSize]` |
 * | `present.N.key`, `.value` | float32 | `[batch, nKvHeads, past + time, headDim]` |
 */
export function onnxDecoder(model: LanguageModel, storageOf?: ConstantLeaves['storageOf']): OnnxModel {
  const { nLayers, nKvHeads, headDim } = model.cacheShape;
  const cacheNames = Array.from({ length: nLayers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
  const integers = (name: string, shape: number[]) => ({ name, shape, dtype: 'int32', onnxType: 'int64' }) as const;
  const inputs = [
    integers('input_ids', [batch, time]),
    integers('attention_mask', [batch, total]),
    integers('position_ids', [batch, time]),
    ...cacheNames.map((name) => {
      return { name: `past_key_values.${name}`, shape: [batch, nKvHeads, past, headDim], dtype: 'float32' } as const;
    }),
  ];
  const trace = (...[tokens, mask, positions, ...pastKeysAndValues]: Tensor[]) => {
    const cache = new ConcatenatedCache(positions!, mask!, pastKeysAndValues);
    const logits = model.unembed(model.features(tokens!, { cache }));
    return { logits, ...Object.fromEntries(cacheNames.map((name, i) => [`present.${name}`, cache.present[i]!])) };
  };
  return toOnnx(inputs, trace, storageOf);
}

/**
 * The score of a masked position: the lowest float32. With -∞, a row of padding that sees nothing would become NaN and spoil other rows, which
 * multiply it by 0.
 */
const lowest = -(2 ** 128 - 2 ** 104);

/** A cache that grows: new keys and values are appended to those of earlier passes. */
class ConcatenatedCache implements AttentionCache {
  readonly positions: Tensor;
  /** The keys and values of all tokens so far, in the order of `past`. */
  readonly present: Tensor[] = [];
  readonly #past: readonly Tensor[];
  readonly #mask: Tensor;
  /** Which tokens see which, by window. */
  readonly #visible = new Map<number | undefined, Tensor>();

  constructor(positions: Tensor, mask: Tensor, past: readonly Tensor[]) {
    this.positions = positions;
    this.#past = past;
    this.#mask = mask;
  }

  attend(query: Tensor, key: Tensor, value: Tensor, { nHeads, nKvHeads, window }: AttentionHeads): Tensor {
    const width = query.shape.at(-1)!;
    const headDim = width / nHeads;
    const extend = (rows: Tensor) => {
      const heads = rows.reshape([batch, time, nKvHeads, headDim]).permute(0, 2, 1, 3);
      const all = concat([this.#past[this.present.length]!, heads], 2); // [batch, nKvHeads, total, headDim]
      this.present.push(all);
      return all.unsqueeze(2); // one for all query heads that share it
    };
    const keys = extend(key); // [batch, nKvHeads, 1, total, headDim]
    const values = extend(value);
    const queries = query
      .reshape([batch, time, nKvHeads, nHeads / nKvHeads, headDim])
      .permute(0, 2, 3, 1, 4) // [batch, nKvHeads, nHeads / nKvHeads, time, headDim]
      .mul(1 / Math.sqrt(headDim));
    const scores = queries.matmul(keys.transpose(-2, -1)); // [batch, nKvHeads, nHeads / nKvHeads, time, total]
    const weights = where(this.#isVisible(window), scores, lowest).softmax(-1);
    return weights.matmul(values).permute(0, 3, 1, 2, 4).reshape([batch, time, width]);
  }

  #isVisible(window: number | undefined): Tensor {
    const known = this.#visible.get(window) ?? visibility(this.#mask, window);
    this.#visible.set(window, known);
    return known;
  }
}

/** `[batch, 1, 1, time, total]`: each new token (row) sees the tokens (columns) up to itself, of these the last `window`, except padding. */
function visibility(mask: Tensor, window: number | undefined): Tensor {
  const column = arange(total);
  const row = column.slice([past]).reshape([time, 1]); // the new tokens come last
  return isVisible(row, column, { window }).logicalAnd(mask.gt(0).reshape([batch, 1, 1, 1, total]));
}
