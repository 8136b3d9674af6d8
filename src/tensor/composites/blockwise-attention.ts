import { knownOptions } from '../../core/options.ts';
import type { Random } from '../../random/random.ts';
import { defineComposite } from '../composite.ts';
import { where } from '../primitives/elementwise.ts';
import { arange } from '../primitives/leaves.ts';
import { concat, pad } from '../primitives/movement.ts';
import type { Tensor } from '../tensor.ts';
import { isVisible } from './causal.ts';
import { dropoutFactors, dropoutNumbers } from './dropout.ts';

interface Attributes {
  readonly [name: string]: number | null;
  readonly blockSize: number;
  readonly window: number | null;
  readonly dropRate: number;
}

/** The queries at the positions `from` to `end`, and the keys that these see: at `keyFrom` to `keyEnd`. */
interface Block {
  readonly from: number;
  readonly end: number;
  readonly keyFrom: number;
  readonly keyEnd: number;
}

/**
 * Without a window, the number of keys is rounded up to quarters of the time. The engine's allocator cannot reuse memory for a slightly larger
 * block, so with a size for every block, the memory would still grow with the square of the time.
 */
function blocksOf(time: number, { blockSize, window }: Attributes): Block[] {
  const quarter = blockSize * Math.ceil(time / 4 / blockSize);
  return Array.from({ length: Math.ceil(time / blockSize) }, (_, i) => {
    const from = i * blockSize;
    const end = Math.min(time, from + blockSize);
    if (window !== null) return { from, end, keyFrom: Math.max(0, from - window + 1), keyEnd: end };
    return { from, end, keyFrom: 0, keyEnd: Math.min(time, Math.ceil(end / quarter) * quarter) };
  });
}

/** The rows of a tensor `[batch, heads, time, headDim]` from one position to another. */
const rows = (x: Tensor, from: number, end: number) => x.slice(null, null, [from, end]);

/** The attention weights of a block from its scores, `[batch, heads, queries, keys]`. */
function weightsOf(scores: Tensor, { from, end, keyFrom, keyEnd }: Block, { window }: Attributes): Tensor {
  const column = arange(keyEnd - keyFrom).add(keyFrom);
  const row = arange(end - from)
    .add(from)
    .reshape([end - from, 1]);
  return where(isVisible(row, column, window ?? undefined), scores, Number.NEGATIVE_INFINITY).softmax(-1);
}

/**
 * `x`, but computed after `earlier`. The engine computes operands when it needs them, in an order of its own: without this, it would compute the
 * weights of all blocks before it used them.
 */
function after(x: Tensor, earlier: readonly Tensor[]): Tensor {
  const always = arange(1).lt(1);
  const oneOf = (tensor: Tensor) => tensor.slice([0, 1], [0, 1], [0, 1], [0, 1]);
  return earlier.reduce((ordered, tensor) => where(always, ordered, oneOf(tensor)), x);
}

const applyBlockwiseAttention = defineComposite<Attributes>({
  name: 'blockwiseAttention',
  definition: ([query, key, value, ...numbers], attributes) => {
    const [, , time, headDim] = query!.shape as [number, number, number, number];
    const scaled = query!.mul(1 / Math.sqrt(headDim));
    const mixed = blocksOf(time, attributes).map((block, i) => {
      const { from, end, keyFrom, keyEnd } = block;
      const scores = rows(scaled, from, end).matmul(rows(key!, keyFrom, keyEnd).transpose(-2, -1));
      const weights = weightsOf(scores, block, attributes);
      const factors = dropped(numbers, i, weights, attributes, 'forward');
      return (factors ? weights.mul(factors) : weights).matmul(rows(value!, keyFrom, keyEnd));
    });
    return [concat(mixed, 2)];
  },
  /**
   * Computes the weights W of each block again. Where the mix of values is O = W V and its gradient is g: V has the gradient Wᵀ g, the weights
   * have P = g Vᵀ, and the scores W ∘ (P - the row sums of W ∘ P), which are the row sums of g ∘ O (Dao et al., 2022). With dropout, V meets W ∘ D,
   * and P is (g Vᵀ) ∘ D.
   */
  gradient: (g, { inputs: [query, key, value, ...numbers], output, attributes }) => {
    const [, , time, headDim] = query!.shape as [number, number, number, number];
    // Scaling the keys, not the queries as above, makes these other scores for whoever looks for equal computations: they must not be kept.
    const scaled = key!.mul(1 / Math.sqrt(headDim));
    const ofQueries: Tensor[] = [];
    let [ofKey, ofValue]: [Tensor | undefined, Tensor | undefined] = [undefined, undefined];
    for (const [i, block] of blocksOf(time, attributes).entries()) {
      const { from, end, keyFrom, keyEnd } = block;
      const earlier = [ofQueries.at(-1), ofKey, ofValue].filter((tensor) => tensor !== undefined);
      const [q, gradient] = [after(rows(query!, from, end), earlier), after(rows(g, from, end), earlier)];
      const [k, v] = [rows(scaled, keyFrom, keyEnd), rows(value!, keyFrom, keyEnd)];
      const weights = weightsOf(q.matmul(k.transpose(-2, -1)), block, attributes);
      const factors = dropped(numbers, i, weights, attributes, 'backward');
      const fromMixed = gradient.matmul(v.transpose(-2, -1));
      const ofWeights = factors ? fromMixed.mul(factors) : fromMixed;
      const rowSums = gradient.mul(rows(output, from, end)).sum(-1, true);
      const ofScores = weights.mul(ofWeights.sub(rowSums));
      ofQueries.push(ofScores.matmul(k));
      const inPlace = (x: Tensor) => pad(x, [0, 0, keyFrom, 0], [0, 0, time - keyEnd, 0]);
      const keyPart = inPlace(ofScores.transpose(-2, -1).matmul(q.mul(1 / Math.sqrt(headDim))));
      const valuePart = inPlace((factors ? weights.mul(factors) : weights).transpose(-2, -1).matmul(gradient));
      ofKey = ofKey ? ofKey.add(keyPart) : keyPart;
      ofValue = ofValue ? ofValue.add(valuePart) : valuePart;
    }
    return [concat(ofQueries, 2), ofKey, ofValue, ...numbers.map(() => undefined)];
  },
});

function dropped(
  numbers: readonly Tensor[],
  i: number,
  { shape }: Tensor,
  { dropRate }: Attributes,
  pass: 'forward' | 'backward',
): Tensor | undefined {
  const [a, b, c] = numbers.slice(3 * i, 3 * i + 3);
  return a && dropoutFactors([a, b!, c!], shape, dropRate, pass);
}

export interface BlockwiseAttentionOptions {
  /** The number of queries in a block. */
  blockSize: number;
  /** The number of positions that a position attends to: itself and those just before it. Defaults to all. */
  window?: number | undefined;
  /** The probability that a weight becomes 0, used only with `random`. Defaults to 0. */
  dropRate?: number;
  random?: Random | undefined;
}

/**
 * Causal attention softmax(Q Kᵀ / √headDim + mask) V, block by block of queries. `query`, `key`, `value` and the result are
 * `[batch, heads, time, headDim]`. Weights are computed again for the backward pass, so memory holds those of one block, not of all.
 */
export function blockwiseAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: BlockwiseAttentionOptions,
): Tensor {
  const names = { blockSize: true, window: true, dropRate: true, random: true } as const;
  const { blockSize, window, dropRate = 0, random } = knownOptions('blockwiseAttention', options, names);
  const [batch, heads, time] = query.shape as [number, number, number, number];
  const attributes = { blockSize, window: window ?? null, dropRate };
  const drops = random !== undefined && dropRate > 0;
  const numbers = drops
    ? blocksOf(time, attributes).flatMap(({ from, end, keyFrom, keyEnd }) =>
        dropoutNumbers([batch, heads, end - from, keyEnd - keyFrom], random),
      )
    : [];
  return applyBlockwiseAttention([query, key, value, ...numbers], attributes)[0]!;
}
