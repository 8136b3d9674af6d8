import { ensure } from '../../core/errors.ts';
import { ensureCount, ensureKind } from '../../core/kind.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import { formatShape, sameShape } from '../../core/shape.ts';
import type { Random } from '../../random/random.ts';
import { defineComposite } from '../composite.ts';
import { ensureTensors } from '../operands.ts';
import { where } from '../primitives/elementwise.ts';
import { arange } from '../primitives/leaves.ts';
import { concat, pad } from '../primitives/movement.ts';
import type { Tensor } from '../tensor.ts';
import { ensureWindow, isVisible } from './causal.ts';
import { dropoutFactors, dropoutNumbers, ensureDropRate } from './dropout.ts';

interface Attributes {
  readonly [name: string]: number | boolean | null;
  readonly blockSize: number;
  readonly window: number | null;
  readonly dropRate: number;
  readonly recomputeWeights: boolean;
  /** Whether an operand tells where documents start. */
  readonly apart: boolean;
}

/** The queries at the positions `from` to `end`, and the keys that these see: at `keyFrom` to `keyEnd`. */
interface Block {
  readonly from: number;
  readonly end: number;
  readonly keyFrom: number;
  readonly keyEnd: number;
}

/**
 * Without a window, and if weights are not kept, the number of keys is rounded up to quarters of the time. The engine's allocator cannot reuse memory
 * for a slightly larger block, so with a size for every block, the memory would still grow with the square of the time.
 */
function blocksOf(time: number, { blockSize, window, recomputeWeights }: Attributes): Block[] {
  const step = recomputeWeights ? blockSize * Math.ceil(time / 4 / blockSize) : blockSize;
  return Array.from({ length: Math.ceil(time / blockSize) }, (_, i) => {
    const from = i * blockSize;
    const end = Math.min(time, from + blockSize);
    if (window !== null) return { from, end, keyFrom: Math.max(0, from - window + 1), keyEnd: end };
    return { from, end, keyFrom: 0, keyEnd: Math.min(time, Math.ceil(end / step) * step) };
  });
}

/** The rows of a tensor `[batch, heads, time, headDim]` from one position to another. */
const rows = (x: Tensor, from: number, end: number) => x.slice(null, null, [from, end]);

/** The operands after query, key and value: where documents start, `[batch, 1, time, 1]`, if they are kept apart, and the numbers of dropout. */
function restOf(rest: readonly Tensor[], { apart }: Attributes): { starts?: Tensor; numbers: readonly Tensor[] } {
  return apart ? { starts: rest[0]!, numbers: rest.slice(1) } : { numbers: rest };
}

/** The attention weights of a block from its scores, `[batch, heads, queries, keys]`. */
function weightsOf(
  scores: Tensor,
  { from, end, keyFrom, keyEnd }: Block,
  { window, recomputeWeights }: Attributes,
  starts: Tensor | undefined,
): Tensor {
  const column = arange(keyEnd - keyFrom).add(keyFrom);
  const row = arange(end - from)
    .add(from)
    .reshape([end - from, 1]);
  // Computed only after the scores, the mask is no constant: the constant masks of all blocks would grow with the square of the time.
  const rowOfRun = recomputeWeights ? after(row, [scores]) : row;
  const limits = { window: window ?? undefined, starts: starts && rows(starts, from, end) };
  const mask = where(isVisible(rowOfRun, column, limits), 0, Number.NEGATIVE_INFINITY);
  return scores.add(mask).softmax(-1);
}

/**
 * `x`, but computed after `earlier`. The engine computes operands when it needs them, in an order of its own: without this, it would compute the
 * weights of all blocks before it used them.
 */
function after(x: Tensor, earlier: readonly Tensor[]): Tensor {
  const always = arange(1).lt(1);
  const oneOf = (tensor: Tensor) => tensor.slice([0, 1], [0, 1], [0, 1], [0, 1]).to(x.dtype);
  return earlier.reduce((ordered, tensor) => where(always, ordered, oneOf(tensor)), x);
}

const applyBlockwiseAttention = defineComposite<Attributes>({
  name: 'blockwiseAttention',
  definition: ([query, key, value, ...rest], attributes) => {
    const { starts, numbers } = restOf(rest, attributes);
    const [, , time, headDim] = query!.shape as [number, number, number, number];
    const mixed = blocksOf(time, attributes).map((block, i) => {
      const { from, end, keyFrom, keyEnd } = block;
      const products = rows(query!, from, end).matmul(rows(key!, keyFrom, keyEnd).transpose(-2, -1));
      const weights = weightsOf(products.mul(1 / Math.sqrt(headDim)), block, attributes, starts);
      const factors = dropped(numbers, i, weights, attributes, 'forward');
      return (factors ? weights.mul(factors) : weights).matmul(rows(value!, keyFrom, keyEnd));
    });
    return [concat(mixed, 2)];
  },
  /**
   * Where the mix of values is O = W V and its gradient is g: V has the gradient Wᵀ g, the weights have P = g Vᵀ, and the scores
   * W ∘ (P - the row sums of W ∘ P), which are the row sums of g ∘ O (Dao et al., 2022). With dropout, V meets W ∘ D, and P is (g Vᵀ) ∘ D.
   */
  gradient: (g, { inputs: [query, key, value, ...rest], output, attributes }) => {
    const { starts, numbers } = restOf(rest, attributes);
    const [, , time, headDim] = query!.shape as [number, number, number, number];
    const { recomputeWeights } = attributes;
    const scale = 1 / Math.sqrt(headDim);
    // Whoever looks for equal computations finds the weights of the forward pass, and keeps them. Scores of scaled keys are other scores.
    const [keys, scaleOfProducts] = recomputeWeights ? [key!.mul(scale), 1] : [key!, scale];
    const pass = recomputeWeights ? 'backward' : 'forward';
    const rowSums = g.mul(output).sum(-1, true); // [batch, heads, time, 1]
    const ofQueries: Tensor[] = [];
    let [ofKey, ofValue]: [Tensor | undefined, Tensor | undefined] = [undefined, undefined];
    for (const [i, block] of blocksOf(time, attributes).entries()) {
      const { from, end, keyFrom, keyEnd } = block;
      const parts = recomputeWeights ? [ofQueries.at(-1), ofKey, ofValue] : [];
      const earlier = parts.filter((tensor) => tensor !== undefined);
      const [q, gradient] = [after(rows(query!, from, end), earlier), after(rows(g, from, end), earlier)];
      const [k, v] = [rows(keys, keyFrom, keyEnd), rows(value!, keyFrom, keyEnd)];
      const weights = weightsOf(q.matmul(k.transpose(-2, -1)).mul(scaleOfProducts), block, attributes, starts);
      const factors = dropped(numbers, i, weights, attributes, pass);
      const fromMixed = gradient.matmul(v.transpose(-2, -1));
      const ofWeights = factors ? fromMixed.mul(factors) : fromMixed;
      const ofScores = ofWeights.sub(rows(rowSums, from, end)).mul(weights);
      ofQueries.push(ofScores.matmul(k).mul(scaleOfProducts));
      const inPlace = (x: Tensor) => pad(x, [0, 0, keyFrom, 0], [0, 0, time - keyEnd, 0]);
      const keyPart = inPlace(ofScores.transpose(-2, -1).matmul(q).mul(scale));
      const valuePart = inPlace((factors ? weights.mul(factors) : weights).transpose(-2, -1).matmul(gradient));
      ofKey = ofKey ? ofKey.add(keyPart) : keyPart;
      ofValue = ofValue ? ofValue.add(valuePart) : valuePart;
    }
    return [concat(ofQueries, 2), ofKey, ofValue, ...rest.map(() => undefined)];
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
  /**
   * Whether the backward pass computes the weights again, block after block: then memory holds the weights of one block. Otherwise it holds those of
   * all, about half the square of the time. Defaults to true.
   */
  recomputeWeights?: boolean;
  /** Where in its row the document begins that a position belongs to, int32 `[batch, time]`: it sees nothing before. Defaults to one document a row. */
  documentStarts?: Tensor | undefined;
}

/**
 * Causal attention softmax(Q Kᵀ / √headDim + mask) V, block by block of queries. `query`, `key`, `value` and the result are
 * `[batch, heads, time, headDim]`. Products with keys that no query of a block sees are left out.
 */
export function blockwiseAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: BlockwiseAttentionOptions,
): Tensor {
  const names: OptionNames<BlockwiseAttentionOptions> = {
    ...{ blockSize: true, window: true, dropRate: true, random: true, recomputeWeights: true, documentStarts: true },
  };
  const {
    blockSize,
    window,
    dropRate = 0,
    random,
    recomputeWeights = true,
    documentStarts,
  } = knownOptions('blockwiseAttention', options, names);
  ensureTensors('blockwiseAttention', query, key, value);
  ensure(
    query.shape.length === 4 && sameShape(query.shape, key.shape) && sameShape(key.shape, value.shape),
    () =>
      `blockwiseAttention: queries ${formatShape(query.shape)}, keys ${formatShape(key.shape)} and values ` +
      `${formatShape(value.shape)} must have the same shape, [batch, heads, time, headDim]`,
  );
  ensureCount('blockSize', blockSize);
  ensureWindow(window);
  ensureDropRate(dropRate);
  if (documentStarts !== undefined) ensureTensors('blockwiseAttention', documentStarts);
  if (random !== undefined)
    ensureKind('blockwiseAttention', 'a source of random numbers, as new Random(1)', random, 'int32');
  const [batch, heads, time] = query.shape as [number, number, number, number];
  const attributes = {
    blockSize,
    window: window ?? null,
    dropRate,
    recomputeWeights,
    apart: documentStarts !== undefined,
  };
  const starts = documentStarts ? [documentStarts.reshape([batch, 1, time, 1])] : [];
  const drops = random !== undefined && dropRate > 0;
  const numbers = drops
    ? blocksOf(time, attributes).flatMap(({ from, end, keyFrom, keyEnd }) =>
        dropoutNumbers([batch, heads, end - from, keyEnd - keyFrom], random),
      )
    : [];
  return applyBlockwiseAttention([query, key, value, ...starts, ...numbers], attributes)[0]!;
}
