import * as v from 'valibot';
import { ensure } from '../../core/errors.ts';
import type { RotaryScaling } from '../../nn/index.ts';
import { checkPositive, count, optionalCount, positive, probability, structure, toggle } from '../config-fields.ts';
import { type ConfigOf, configTable, type OptionsOf } from '../config-table.ts';

/** Divides embDim among the heads. */
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
  vocabSize: count('number of tokens in the vocabulary'),
  contextLength: count('maximum number of tokens the model sees at once', 1024),
  embDim: count('embedding dimension: the size of a hidden state', 768),
  nHeads: count('query heads in each block', 12),
  nKvHeads: count('key and value heads in each block; nHeads / nKvHeads query heads share one', {
    says: 'nHeads',
    from: ({ nHeads }) => nHeads!,
  }),
  headDim: count('dimension of a head; usually embDim / nHeads, but not in Qwen3', {
    says: 'embDim / nHeads',
    from: headDimFrom,
  }),
  nLayers: count('number of transformer blocks', 12),
  hiddenDim: count('hidden dimension of the feed-forward network', {
    // Three matrices of this width have about as many parameters as two of width 4 embDim (Shazeer, 2020).
    says: '8/3 embDim, rounded up to a multiple of 32',
    from: ({ embDim }) => 32 * Math.ceil((8 * embDim!) / 3 / 32),
  }),
  normEps: positive('a small number that RMSNorm adds to the mean square before taking the root', 1e-5),
  ropeTheta: positive('base of the rotary position embedding; longer contexts use a larger one', 10_000),
  ropeScaling: structure<RotaryScaling>(
    'scaling of the rotary position embedding for contexts longer than in pretraining',
    ropeScalingSchema,
    checkRopeScaling,
  ),
  slidingWindow: optionalCount(
    'number of tokens that a token attends to, itself and those just before it, as in Mistral',
  ),
  qkvBias: toggle(
    'whether queries, keys and values have a bias, as in Qwen2',
    false,
    'give queries, keys and values a bias',
  ),
  outputBias: toggle('whether the output of attention has a bias', false, 'give the output of attention a bias'),
  feedForwardBias: toggle('whether the feed-forward network has biases', false, 'give the feed-forward network biases'),
  qkNorm: toggle(
    'whether every query and key head is normalised, as in Qwen3',
    false,
    'normalise every query and key head',
  ),
  tiedHead: toggle(
    'whether the output head shares the embedding matrix or has its own weights',
    true,
    'give the output head its own weights',
  ),
  dropRate: probability('dropout: the probability that training sets an element to zero', 0),
};

/** The configuration of a model of the Llama family. Its values distinguish Llama, Mistral, Qwen2 and Qwen3. */
export type LlamaConfig = ConfigOf<typeof fields>;

/** The same, but only `vocabSize` is required. Defaults to a Llama of the size of GPT-2 small. */
export type LlamaOptions = OptionsOf<typeof fields>;

/** The fields of {@link LlamaConfig}, with their meanings, defaults and checks. */
export const llamaConfig = configTable('Llama', fields, ({ nHeads, nKvHeads, headDim }) => {
  ensure(
    nHeads % nKvHeads === 0,
    `nHeads ${nHeads} is not a multiple of nKvHeads ${nKvHeads}; every key and value head must serve the same number of query heads`,
  );
  ensure(
    headDim % 2 === 0,
    `headDim must be even, but is ${headDim}; rotary position embedding rotates pairs of elements`,
  );
});
