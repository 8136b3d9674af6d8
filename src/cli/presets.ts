import { familyNamed, gpt2, type ModelConfig, modelFamilies } from '../models/index.ts';
import { defaultTrainOptions, type TrainOptions } from '../train/index.ts';

/** A model and its training options, under one name. The vocabulary size comes from the tokenizer. */
export interface Preset {
  /** One line for `--help`. */
  summary: string;
  tokenizer: 'characters' | 'gpt2';
  family: string;
  /** Fields of the family's configuration; what is left out has the family's default. */
  model: Readonly<Record<string, unknown>>;
  /** How the weights that were published for this size differ, in words and as fields of the configuration. */
  published?: { difference: string; model: Readonly<Record<string, unknown>> };
  training: TrainOptions;
}

const charSmall: Preset = {
  summary: 'characters, 0.8M parameters: a few minutes on two cores',
  tokenizer: 'characters',
  family: 'gpt2',
  model: { contextLength: 64, embDim: 128, nHeads: 4, nLayers: 4, dropRate: 0, qkvBias: false, tiedHead: true },
  // Three times nanoGPT's rate for a model of this size: on Shakespeare the loss falls to 1.77 instead of 1.90.
  training: { ...defaultTrainOptions, learningRate: 3e-3, minLearningRate: 3e-4 },
};

/** GPT-2 of a published size, trained from scratch as in nanoGPT. */
function published(size: keyof typeof gpt2, parameters: string): Preset {
  const { vocabSize: _, ...model } = gpt2[size];
  return {
    summary: `GPT-2 tokens, ${parameters} parameters: the published architecture`,
    tokenizer: 'gpt2',
    family: 'gpt2',
    model,
    published: {
      difference: "OpenAI's own weights also have biases for queries, keys and values (--qkv-bias)",
      model: { qkvBias: true },
    },
    training: {
      ...defaultTrainOptions,
      betas: [0.9, 0.95],
      batchSize: 4,
      evalWindows: 80,
      gradientAccumulation: 8,
      learningRate: 6e-4,
      minLearningRate: 6e-5,
    },
  };
}

/** How `--from` trains: gently, so that a model keeps what it knows. */
export const fineTuning: TrainOptions = {
  ...defaultTrainOptions,
  betas: [0.9, 0.95],
  steps: 500,
  batchSize: 4,
  evalWindows: 80,
  learningRate: 1e-4,
  minLearningRate: 1e-5,
  warmupSteps: 50,
  evalInterval: 100,
};

export const defaultPreset = 'char-small';

/** The presets that `--preset` can name. A new one is one more entry. */
export const presets: Record<string, Preset> = {
  'char-tiny': {
    ...charSmall,
    summary: 'characters, 0.1M parameters: half a minute, to try things out',
    model: { ...charSmall.model, contextLength: 32, embDim: 64, nHeads: 2, nLayers: 2 },
    training: { ...charSmall.training, steps: 1000, warmupSteps: 50 },
  },
  'char-small': charSmall,
  'char-medium': {
    ...charSmall,
    summary: 'characters, 10.7M parameters: hours on two cores',
    model: { ...charSmall.model, contextLength: 256, embDim: 384, nHeads: 6, nLayers: 6, dropRate: 0.2 },
    training: { ...defaultTrainOptions, steps: 5000, batchSize: 64 },
  },
  'gpt2-small': published('small', '124M'),
  'gpt2-medium': published('medium', '355M'),
  'gpt2-large': published('large', '774M'),
  'gpt2-xl': published('xl', '1.6B'),
};

/** The configuration of a preset's model. Throws a TsgptError if its family has no such model. */
export function presetConfig({ family, model }: Preset, vocabSize: number): ModelConfig {
  return familyNamed(family).config.complete({ ...model, vocabSize });
}

/** A configuration that a family knows by a name. */
export interface PublishedSize {
  family: string;
  config: ModelConfig;
}

/**
 * The families' own presets, but for those that `--preset` can name, such as `gpt2-small`. Their names are the families', as in `smolLM2`;
 * one that is taken has the family before it.
 */
export function publishedSizes(): ReadonlyMap<string, PublishedSize> {
  const sizes = new Map<string, PublishedSize>();
  for (const { name: family, presets: own = {} } of modelFamilies()) {
    for (const [name, config] of Object.entries(own)) {
      const fullName = `${family}-${name}`;
      if (Object.hasOwn(presets, fullName)) continue;
      const isTaken = Object.hasOwn(presets, name) || sizes.has(name);
      sizes.set(isTaken ? fullName : name, { family, config });
    }
  }
  return sizes;
}
