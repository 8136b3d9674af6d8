import * as v from 'valibot';
import { ensure, TsgptError } from '../../core/errors.ts';

/** The numbers that make a GPT-2. */
export interface GPT2Config {
  /** How many different tokens there are. */
  vocabSize: number;
  /** How many tokens the model sees at once. */
  contextLength: number;
  /** The width: how many numbers stand for one token inside the model. */
  embDim: number;
  /** How many attention heads share the width in each block. */
  nHeads: number;
  /** How many transformer blocks follow one another. */
  nLayers: number;
  /** The probability with which training sets an element to zero (dropout). */
  dropRate: number;
  /** Whether queries, keys and values have a bias; OpenAI's GPT-2 has, the textbook's has not. */
  qkvBias: boolean;
  /** Whether the output head is the token embedding used backwards, as in GPT-2, or a matrix of its own. */
  tiedHead: boolean;
}

const small: GPT2Config = {
  vocabSize: 50257,
  contextLength: 1024,
  embDim: 768,
  nHeads: 12,
  nLayers: 12,
  dropRate: 0.1,
  qkvBias: false,
  tiedHead: true,
};

/** The four published sizes (Radford et al., 2019), in the textbook's form: without query, key and value biases. */
export const gpt2 = {
  small,
  medium: { ...small, embDim: 1024, nHeads: 16, nLayers: 24 },
  large: { ...small, embDim: 1280, nHeads: 20, nLayers: 36 },
  xl: { ...small, embDim: 1600, nHeads: 25, nLayers: 48 },
} satisfies Record<string, GPT2Config>;

/** Throws one clear sentence if no model can be built from `config`. */
export function checkGPT2Config(config: GPT2Config): void {
  for (const field of ['vocabSize', 'contextLength', 'embDim', 'nHeads', 'nLayers'] as const) {
    const value = config[field];
    ensure(Number.isSafeInteger(value) && value > 0, `${field} must be a whole number of at least 1, but is ${value}`);
  }
  ensure(
    config.dropRate >= 0 && config.dropRate < 1,
    `dropRate must be at least 0 and less than 1, but is ${config.dropRate}`,
  );
  ensure(
    config.embDim % config.nHeads === 0,
    `embDim ${config.embDim} does not divide evenly among ${config.nHeads} heads; choose nHeads so that it does`,
  );
}

const configSchema = v.object({
  vocabSize: v.number(),
  contextLength: v.number(),
  embDim: v.number(),
  nHeads: v.number(),
  nLayers: v.number(),
  dropRate: v.number(),
  qkvBias: v.boolean(),
  tiedHead: v.boolean(),
});

/** The configuration in a JSON value. Throws one clear sentence if it is none, or none a model can be built from. */
export function parseGPT2Config(json: unknown): GPT2Config {
  const parsed = v.safeParse(configSchema, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new TsgptError(`this is no GPT-2 configuration: ${v.getDotPath(issue) ?? 'it'}: ${issue.message}`);
  }
  checkGPT2Config(parsed.output);
  return parsed.output;
}
