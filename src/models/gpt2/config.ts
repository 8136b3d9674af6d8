import { ensure } from '../../core/errors.ts';
import { count, probability, toggle } from '../config-fields.ts';
import { type ConfigOf, configTable, type OptionsOf } from '../config-table.ts';

const fields = {
  vocabSize: count('number of tokens in the vocabulary'),
  contextLength: count('maximum number of tokens the model sees at once', 1024),
  embDim: count('embedding dimension: the size of a hidden state', 768),
  nHeads: count('attention heads in each block; embDim is divided among them', 12),
  nLayers: count('number of transformer blocks', 12),
  dropRate: probability('dropout: the probability that training sets an element to zero', 0.1),
  qkvBias: toggle(
    "whether queries, keys and values have a bias; OpenAI's GPT-2 has one, the textbook's does not",
    false,
    'give queries, keys and values a bias',
  ),
  tiedHead: toggle(
    'whether the output head shares the embedding matrix, as in GPT-2, or has its own weights',
    true,
    'give the output head its own weights',
  ),
};

/** The configuration of a GPT-2. */
export type GPT2Config = ConfigOf<typeof fields>;

/** The same, but only `vocabSize` is required. Defaults to GPT-2 small, without biases of queries, keys and values. */
export type GPT2Options = OptionsOf<typeof fields>;

/** The fields of {@link GPT2Config}, with their meanings, defaults and checks. */
export const gpt2Config = configTable('GPT-2', fields, ({ embDim, nHeads }) =>
  ensure(
    embDim % nHeads === 0,
    `embDim ${embDim} does not divide evenly among ${nHeads} heads; choose nHeads so that it does`,
  ),
);
