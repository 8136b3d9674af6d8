import { GPT2, type GPT2Config, type LanguageModel, Llama, type LlamaConfig } from '../../src/models/index.ts';
import { Random } from '../../src/random/random.ts';

const gpt2: GPT2Config = {
  vocabSize: 300,
  contextLength: 64,
  embDim: 32,
  nHeads: 2,
  nLayers: 2,
  dropRate: 0,
  qkvBias: true,
  tiedHead: true,
};

const llama: LlamaConfig = {
  vocabSize: 300,
  contextLength: 64,
  embDim: 64,
  nHeads: 4,
  nKvHeads: 2,
  headDim: 16,
  nLayers: 2,
  hiddenDim: 96,
  normEps: 1e-5,
  ropeTheta: 10_000,
  qkvBias: false,
  outputBias: false,
  feedForwardBias: false,
  qkNorm: false,
  tiedHead: true,
  dropRate: 0,
};

/** A GPT-2 whose next token varies with every token it reads: every weight, bias and norm has its own random numbers. */
export const tinyGPT2 = (changes: Partial<GPT2Config> = {}) => shaken(new GPT2({ ...gpt2, ...changes }));

/** The same of the Llama family. */
export const tinyLlama = (changes: Partial<LlamaConfig> = {}) => shaken(new Llama({ ...llama, ...changes }));

/** The model with random numbers of its own in every weight, bias and norm. */
export function shaken<Model extends LanguageModel>(model: Model): Model {
  const random = new Random(7);
  for (const [path, { value }] of model.namedParameters()) {
    const center = path.includes('Norm.weight') ? 1 : 0;
    const noise = random.normals(value.length, 0.15);
    value.set(noise.map((number) => center + number));
  }
  return model;
}

/** All weights by the paths of their parameters. */
export function weightsOfModel(model: LanguageModel): Record<string, Float32Array> {
  return Object.fromEntries(Array.from(model.namedParameters(), ([path, { value }]) => [path, value]));
}
