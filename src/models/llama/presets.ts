import type { LlamaConfig } from './config.ts';

const smolLM2: LlamaConfig = {
  vocabSize: 49_152,
  contextLength: 8192,
  embDim: 576,
  nHeads: 9,
  nKvHeads: 3,
  headDim: 64,
  nLayers: 30,
  hiddenDim: 1536,
  normEps: 1e-5,
  ropeTheta: 100_000,
  qkvBias: false,
  outputBias: false,
  feedForwardBias: false,
  qkNorm: false,
  tiedHead: true,
  dropRate: 0,
};

/** Some published models of the family, with the values of their config.json. */
export const llama = {
  /** SmolLM2-135M (Allal et al., 2025). */
  smolLM2,
  /** TinyLlama-1.1B (Zhang et al., 2024), with the same structure as Llama 2. */
  tinyLlama: {
    ...smolLM2,
    vocabSize: 32_000,
    contextLength: 2048,
    embDim: 2048,
    nHeads: 32,
    nKvHeads: 4,
    nLayers: 22,
    hiddenDim: 5632,
    ropeTheta: 10_000,
    tiedHead: false,
  },
  /** Llama 3.2 1B (Grattafiori et al., 2024): pretrained with a context of 8,192 tokens, then extended 16 times. */
  llama3: {
    ...smolLM2,
    vocabSize: 128_256,
    contextLength: 131_072,
    embDim: 2048,
    nHeads: 32,
    nKvHeads: 8,
    nLayers: 16,
    hiddenDim: 8192,
    ropeTheta: 500_000,
    ropeScaling: {
      kind: 'llama3',
      factor: 32,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalContextLength: 8192,
    },
  },
  /** Qwen2.5-0.5B (Yang et al., 2024). */
  qwen2: {
    ...smolLM2,
    vocabSize: 151_936,
    contextLength: 32_768,
    embDim: 896,
    nHeads: 14,
    nKvHeads: 2,
    nLayers: 24,
    hiddenDim: 4864,
    normEps: 1e-6,
    ropeTheta: 1_000_000,
    qkvBias: true,
  },
  /** Qwen3-0.6B (Yang et al., 2025): nHeads * headDim is twice embDim. */
  qwen3: {
    ...smolLM2,
    vocabSize: 151_936,
    contextLength: 40_960,
    embDim: 1024,
    nHeads: 16,
    nKvHeads: 8,
    headDim: 128,
    nLayers: 28,
    hiddenDim: 3072,
    normEps: 1e-6,
    ropeTheta: 1_000_000,
    qkNorm: true,
  },
} satisfies Record<string, LlamaConfig>;
