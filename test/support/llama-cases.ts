import { Llama, type LlamaConfig } from '../../src/models/index.ts';
import { Random } from '../../src/random/random.ts';

/** Tiny relatives of Llama, one for each difference between them, with random weights so large that every part matters. */

const plain: LlamaConfig = {
  vocabSize: 7,
  contextLength: 48,
  embDim: 12,
  nHeads: 4,
  nKvHeads: 2,
  headDim: 4,
  nLayers: 2,
  hiddenDim: 20,
  normEps: 1e-5,
  ropeTheta: 10_000,
  qkvBias: false,
  outputBias: false,
  feedForwardBias: false,
  qkNorm: false,
  tiedHead: false,
  dropRate: 0,
};

/** Of its eight frequencies some are high, some low, and some between. */
const llama3 = {
  kind: 'llama3' as const,
  factor: 8,
  lowFrequencyFactor: 1,
  highFrequencyFactor: 4,
  originalContextLength: 64,
};

export const llamaCases = {
  'Llama 2': plain,
  'Llama 3': { ...plain, headDim: 16, nHeads: 2, nKvHeads: 1, ropeTheta: 500, ropeScaling: llama3, tiedHead: true },
  'linear scaling': { ...plain, ropeScaling: { kind: 'linear' as const, factor: 4 } },
  Mistral: { ...plain, slidingWindow: 6 },
  'all biases': { ...plain, qkvBias: true, outputBias: true, feedForwardBias: true },
  Qwen2: { ...plain, nHeads: 3, nKvHeads: 1, qkvBias: true, normEps: 1e-6, ropeTheta: 1e6, tiedHead: true },
  Qwen3: { ...plain, headDim: 10, qkNorm: true, normEps: 1e-6, ropeTheta: 1e6, tiedHead: true },
} satisfies Record<string, LlamaConfig>;

export type LlamaCase = keyof typeof llamaCases;

/** The random numbers of the weights from which PyTorch's results were computed. */
const state = [-2077697776, -1665192996, -321544349, -1867912748];

/** The model of a case: weights drawn in the order of the parameters, with deviation 0.4, and around 1 for norms. */
export function llamaOf(name: LlamaCase): Llama {
  const model = new Llama(llamaCases[name]);
  const random = new Random({ state });
  for (const [path, parameter] of model.namedParameters()) {
    const draws = random.normals(parameter.size, 0.4);
    parameter.value = path.endsWith('Norm.weight') ? draws.map((draw) => 1 + draw) : draws;
  }
  return model;
}

/** Forty tokens, the same for every case. */
export const llamaTokens = Int32Array.from({ length: 40 }, (_, i) => (i * i + 3 * i) % 7);
