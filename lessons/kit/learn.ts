import { type Batch, type BatchStream, mseLoss, SGD, type Tensor, Trainer, TsgptError } from 'tsgpt';
import type { Layer } from 'tsgpt/nn';

export interface LearningTask {
  /** What goes into the network, a row for each example: `[count, inFeatures]`. */
  readonly input: Tensor;
  /** What should come out. */
  readonly target: Tensor;
  readonly steps: number;
  readonly learningRate: number;
}

/**
 * Trains a network by plain gradient descent: in each step, every weight goes against the gradient of the mean squared error, times the
 * learning rate. Returns the loss before each step; fewer than `steps` if a number became too large for a float32.
 */
export async function learn(network: Layer, { input, target, steps, learningRate }: LearningTask): Promise<number[]> {
  const trainer = new Trainer({
    model: network,
    objective: (model, { input, target }) => mseLoss(model.forward(input), target),
    batches: await alwaysTheSame({ input, target }),
    optimizer: new SGD(network.namedParameters(), { momentum: 0 }),
    learningRate,
  });
  const losses: number[] = [];
  try {
    while (losses.length < steps) losses.push((await trainer.trainStep()).loss);
  } catch (error) {
    if (!(error instanceof TsgptError && / became (NaN|-?Infinity) /.test(error.message))) throw error;
  }
  return losses;
}

async function alwaysTheSame<Name extends string>(tensors: Readonly<Record<Name, Tensor>>): Promise<BatchStream<Name>> {
  const entries = Object.entries<Tensor>(tensors);
  const arrays = await Promise.all(entries.map(async ([name, t]) => [name, { data: await t.data(), shape: t.shape }]));
  const batch: Batch<Name> = Object.fromEntries(arrays);
  return { next: () => batch, state: null, restore: () => {} };
}
