import { ensure } from '../../core/errors.ts';
import { count, probability, toggle } from '../config-fields.ts';
import { type ConfigOf, configTable, type OptionsOf } from '../config-table.ts';

const fields = {
  vocabSize: count('how many different tokens there are'),
  contextLength: count('how many tokens the model sees at once', 1024),
  embDim: count('embedding dimension: numbers per token inside the model', 768),
  nHeads: count('attention heads that share the width in each block', 12),
  nLayers: count('transformer blocks that follow one another', 12),
  dropRate: probability('probability with which training sets an element to zero (dropout)', 0.1),
  qkvBias: toggle(
    "whether queries, keys and values have a bias; OpenAI's GPT-2 has, the textbook's has not",
    false,
    'give queries, keys and values a bias',
  ),
  tiedHead: toggle(
    'whether the output head is the token embedding used backwards, as in GPT-2, or a matrix of its own',
    true,
    'give the output head a matrix of its own',
  ),
};

/** The numbers that make a GPT-2. */
export type GPT2Config = ConfigOf<typeof fields>;

/** The same where all but `vocabSize` may be left out: the defaults are those of GPT-2 small without query, key and value biases. */
export type GPT2Options = OptionsOf<typeof fields>;

/** The fields of {@link GPT2Config}: meanings, defaults, checks. */
export const gpt2Config = configTable('GPT-2', fields, ({ embDim, nHeads }) =>
  ensure(
    embDim % nHeads === 0,
    `embDim ${embDim} does not divide evenly among ${nHeads} heads; choose nHeads so that it does`,
  ),
);
