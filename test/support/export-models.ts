import { GPT2, type GPT2Config, type LanguageModel, Llama, type LlamaConfig } from '../../src/models/index.ts';
import { Random } from '../../src/random/random.ts';

const gpt2: GPT2Config = {
  ...{ vocabSize: 31, contextLength: 24, embDim: 32, nHeads: 4, nLayers: 2 },
  ...{ dropRate: 0.1, qkvBias: false, tiedHead: true },
};
const llama: LlamaConfig = {
  ...{ vocabSize: 31, contextLength: 24, embDim: 32, nHeads: 4, nKvHeads: 2, headDim: 8, nLayers: 2, hiddenDim: 40 },
  ...{ normEps: 1e-5, ropeTheta: 100, dropRate: 0 },
  ...{ qkvBias: false, outputBias: false, feedForwardBias: false, qkNorm: false, tiedHead: true },
};
const stretched = {
  kind: 'llama3',
  ...{ factor: 4, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 12 },
} as const;

/** One small model of every kind, with weights so large that its logits differ strongly. */
export const models: readonly (readonly [name: string, model: LanguageModel])[] = [
  ['a GPT-2 with a tied head', new GPT2(gpt2, new Random(1))],
  ['a GPT-2 with a head of its own and biases', new GPT2({ ...gpt2, tiedHead: false, qkvBias: true }, new Random(2))],
  ['a Llama with grouped heads', new Llama(llama, new Random(3))],
  ['a Llama with a head of its own', new Llama({ ...llama, tiedHead: false, nKvHeads: 4 }, new Random(4))],
  ['a Llama whose heads share one', new Llama({ ...llama, nKvHeads: 1, ropeScaling: stretched }, new Random(5))],
  ['a Mistral', new Llama({ ...llama, slidingWindow: 5 }, new Random(9))],
  ['a Qwen2', new Llama({ ...llama, qkvBias: true }, new Random(6))],
  ['a Qwen3', new Llama({ ...llama, qkNorm: true, headDim: 12 }, new Random(7))],
].map(([name, model]) => [name as string, opinionated(model as LanguageModel)] as const);

function opinionated(model: LanguageModel): LanguageModel {
  const random = new Random(8);
  for (const parameter of model.parameters()) {
    const isMatrix = parameter.shape.length === 2;
    parameter.value = parameter.value.map((x) => (isMatrix ? 10 * x : x + 0.3 * random.normals(1)[0]!));
  }
  return model;
}
