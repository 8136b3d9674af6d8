import * as v from 'valibot';
import { ensure } from '../../core/errors.ts';
import type { RotaryScaling } from '../../nn/index.ts';
import { checkPositive, count, positive, probability, structure, toggle } from '../config-fields.ts';
import { type ConfigOf, configTable, type OptionsOf } from '../config-table.ts';

/** The width shared out among the heads. */
const headDimFrom = ({ embDim, nHeads }: Readonly<Record<string, number>>) => {
  ensure(
    embDim! % nHeads! === 0,
    `embDim ${embDim} does not divide evenly among ${nHeads} heads; choose nHeads so that it does, or give headDim`,
  );
  return embDim! / nHeads!;
};

const ropeScalingSchema = v.variant('kind', [
  v.object({ kind: v.literal('linear'), factor: v.number() }),
  v.object({
    kind: v.literal('llama3'),
    factor: v.number(),
    lowFrequencyFactor: v.number(),
    highFrequencyFactor: v.number(),
    originalContextLength: v.number(),
  }),
]);

function checkRopeScaling(scaling: RotaryScaling, name: string): void {
  const { kind, ...numbers } = scaling;
  for (const [field, value] of Object.entries(numbers)) checkPositive(value, `${name}.${field}`);
  ensure(
    kind !== 'llama3' || scaling.lowFrequencyFactor < scaling.highFrequencyFactor,
    `${name}.lowFrequencyFactor must be less than ${name}.highFrequencyFactor`,
  );
}

const fields = {
  vocabSize: count('how many different tokens there are'),
  contextLength: count('how many tokens the model sees at once', 1024),
  embDim: count('embedding dimension: numbers per token inside the model', 768),
  nHeads: count('heads of queries in each block', 12),
  nKvHeads: count('heads of keys and values in each block; nHeads / nKvHeads heads of queries share one', {
    says: 'nHeads',
    from: ({ nHeads }) => nHeads!,
  }),
  headDim: count('how many numbers a head has; mostly embDim / nHeads, but not in Qwen3', {
    says: 'embDim / nHeads',
    from: headDimFrom,
  }),
  nLayers: count('transformer blocks that follow one another', 12),
  hiddenDim: count('how wide the feed-forward network is inside', {
    // With three matrices instead of two, this width keeps their parameters as many as at 4 embDim (Shazeer, 2020).
    says: '8/3 embDim, rounded up to a multiple of 32',
    from: ({ embDim }) => 32 * Math.ceil((8 * embDim!) / 3 / 32),
  }),
  normEps: positive('is added to a mean square before its root is taken', 1e-5),
  ropeTheta: positive('base of the rotary positions: larger for longer texts', 10_000),
  ropeScaling: structure<RotaryScaling>(
    'how the rotary positions were stretched for texts longer than those of the first training, if they were',
    ropeScalingSchema,
    checkRopeScaling,
  ),
  qkvBias: toggle(
    'whether queries, keys and values have a bias, as in Qwen2',
    false,
    'give queries, keys and values a bias',
  ),
  outputBias: toggle('whether the output of attention has a bias', false, 'give the output of attention a bias'),
  feedForwardBias: toggle('whether the feed-forward network has biases', false, 'give the feed-forward network biases'),
  qkNorm: toggle(
    'whether every head of queries and keys is normalised, as in Qwen3',
    false,
    'normalise every head of queries and keys',
  ),
  tiedHead: toggle(
    'whether the output head is the token embedding used backwards or a matrix of its own',
    true,
    'give the output head a matrix of its own',
  ),
  dropRate: probability('probability with which training sets an element to zero (dropout)', 0),
};

/** The numbers that make a model of the Llama family; which of its members it is follows from them. */
export type LlamaConfig = ConfigOf<typeof fields>;

/** The same where all but `vocabSize` may be left out. The defaults are the size of GPT-2 small in the form of Llama. */
export type LlamaOptions = OptionsOf<typeof fields>;

/** The fields of {@link LlamaConfig}: meanings, defaults, checks. */
export const llamaConfig = configTable('Llama', fields, ({ nHeads, nKvHeads, headDim }) => {
  ensure(
    nHeads % nKvHeads === 0,
    `nHeads ${nHeads} is not a multiple of nKvHeads ${nKvHeads}; heads of keys and values must be shared evenly`,
  );
  ensure(headDim % 2 === 0, `headDim must be even, because rotary positions turn pairs of numbers, but is ${headDim}`);
});
