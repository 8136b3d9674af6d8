import * as v from 'valibot';
import { ensure, TsgptError } from '../../core/errors.ts';
import type { RotaryScaling } from '../../nn/index.ts';

/** The numbers that make a model of the Llama family; which of its members it is follows from them. */
export interface LlamaConfig {
  /** How many different tokens there are. */
  vocabSize: number;
  /** How many tokens the model sees at once. */
  contextLength: number;
  /** The width: how many numbers stand for one token inside the model. */
  embDim: number;
  /** How many heads of queries each block has. */
  nHeads: number;
  /** How many heads of keys and values; nHeads / nKvHeads heads of queries share one. */
  nKvHeads: number;
  /** How many numbers a head has; mostly embDim / nHeads, but not in Qwen3. */
  headDim: number;
  /** How many transformer blocks follow one another. */
  nLayers: number;
  /** How wide the feed-forward network is inside. */
  hiddenDim: number;
  /** What is added to a mean square before its root is taken. */
  normEps: number;
  /** The base of the rotary positions: larger for longer texts. */
  ropeTheta: number;
  /** How the rotary positions were stretched for texts longer than those of the first training, if they were. */
  ropeScaling?: RotaryScaling | undefined;
  /** Whether queries, keys and values have a bias, as in Qwen2. */
  qkvBias: boolean;
  /** Whether what attention gives back has a bias. */
  outputBias: boolean;
  /** Whether the feed-forward network has biases. */
  feedForwardBias: boolean;
  /** Whether every head of queries and keys is normalised, as in Qwen3. */
  qkNorm: boolean;
  /** Whether the output head is the token embedding used backwards or a matrix of its own. */
  tiedHead: boolean;
  /** The probability with which training sets an element to zero (dropout). */
  dropRate: number;
}

/** Throws one clear sentence if no model can be built from `config`. */
export function checkLlamaConfig(config: LlamaConfig): void {
  const counts = [
    'vocabSize',
    'contextLength',
    'embDim',
    'nHeads',
    'nKvHeads',
    'headDim',
    'nLayers',
    'hiddenDim',
  ] as const;
  for (const field of counts) {
    const value = config[field];
    ensure(Number.isSafeInteger(value) && value > 0, `${field} must be a whole number of at least 1, but is ${value}`);
  }
  const { nHeads, nKvHeads, headDim, normEps, ropeTheta, ropeScaling, dropRate } = config;
  ensure(
    nHeads % nKvHeads === 0,
    `nHeads ${nHeads} is not a multiple of nKvHeads ${nKvHeads}; heads of keys and values must be shared evenly`,
  );
  ensure(headDim % 2 === 0, `headDim must be even, because rotary positions turn pairs of numbers, but is ${headDim}`);
  checkPositive({ normEps, ropeTheta });
  if (ropeScaling) checkRopeScaling(ropeScaling);
  ensure(dropRate >= 0 && dropRate < 1, `dropRate must be at least 0 and less than 1, but is ${dropRate}`);
}

function checkRopeScaling(scaling: RotaryScaling): void {
  const { kind, ...numbers } = scaling;
  checkPositive(numbers, 'ropeScaling.');
  ensure(
    kind !== 'llama3' || scaling.lowFrequencyFactor < scaling.highFrequencyFactor,
    'ropeScaling.lowFrequencyFactor must be less than ropeScaling.highFrequencyFactor',
  );
}

function checkPositive(numbers: Record<string, number>, prefix = ''): void {
  for (const [field, value] of Object.entries(numbers)) {
    const inModel = Math.fround(value);
    ensure(
      inModel > 0 && Number.isFinite(inModel),
      `${prefix}${field} must be a number greater than 0 and within the range of float32, but is ${value}`,
    );
  }
}

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

const configSchema = v.object({
  vocabSize: v.number(),
  contextLength: v.number(),
  embDim: v.number(),
  nHeads: v.number(),
  nKvHeads: v.number(),
  headDim: v.number(),
  nLayers: v.number(),
  hiddenDim: v.number(),
  normEps: v.number(),
  ropeTheta: v.number(),
  ropeScaling: v.optional(ropeScalingSchema),
  qkvBias: v.boolean(),
  outputBias: v.boolean(),
  feedForwardBias: v.boolean(),
  qkNorm: v.boolean(),
  tiedHead: v.boolean(),
  dropRate: v.number(),
});

/** The configuration in a JSON value. Throws one clear sentence if it is none, or none a model can be built from. */
export function parseLlamaConfig(json: unknown): LlamaConfig {
  const parsed = v.safeParse(configSchema, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new TsgptError(`this is no Llama configuration: ${v.getDotPath(issue) ?? 'it'}: ${issue.message}`);
  }
  checkLlamaConfig(parsed.output);
  return parsed.output;
}
