/** A model and batch whose training steps are timed, and how many of them. */
export interface Configuration {
  title: string;
  model: ModelSize;
  /** Steps before anything counts: compiling, first allocations, cold caches. */
  warmUpSteps: number;
  /** Steps for trying each of PyTorch's settings. */
  trialSteps: number;
  /** In every round each side makes `stepsPerRound` steps, one side after the other. */
  rounds: number;
  stepsPerRound: number;
}

export interface ModelSize {
  layers: number;
  heads: number;
  width: number;
  context: number;
  batch: number;
  vocab: number;
}

/** How many threads each side computes with. */
export const threads = 2;

export const configurations: Record<string, Configuration> = {
  small: {
    title: 'L4 H4 C128 T64 B12, 65 symbols',
    model: { layers: 4, heads: 4, width: 128, context: 64, batch: 12, vocab: 65 },
    warmUpSteps: 10,
    trialSteps: 20,
    rounds: 12,
    stepsPerRound: 10,
  },
  middle: {
    title: 'L6 H6 C384 T256 B8, 65 symbols',
    model: { layers: 6, heads: 6, width: 384, context: 256, batch: 8, vocab: 65 },
    warmUpSteps: 2,
    trialSteps: 4,
    rounds: 8,
    stepsPerRound: 3,
  },
  large: {
    title: 'GPT-2 124M: L12 H12 C768 T256 B4, 50257 tokens',
    model: { layers: 12, heads: 12, width: 768, context: 256, batch: 4, vocab: 50257 },
    warmUpSteps: 1,
    trialSteps: 2,
    rounds: 5,
    stepsPerRound: 2,
  },
};

const gpt2Small = { layers: 12, heads: 12, width: 768, vocab: 50257 };

/** Training on long texts, by the number of tokens. */
export const contexts: Record<string, Configuration> = Object.fromEntries(
  [1024, 2048].map((context) => [
    String(context),
    {
      title: `GPT-2 124M: L12 H12 C768 T${context} B1, 50257 tokens`,
      model: { ...gpt2Small, context, batch: 1 },
      warmUpSteps: 1,
      trialSteps: 1,
      rounds: 4,
      stepsPerRound: 1,
    },
  ]),
);

/** The size as command-line options, the same for both sides' programs. */
export function optionsOf(model: ModelSize): string[] {
  return [...Object.entries(model), ['threads', threads] as const].flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ]);
}
