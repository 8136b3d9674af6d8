import type { Json } from '../../src/core/json.ts';
import type { GPT2 } from '../../src/models/index.ts';
import type { Parameter } from '../../src/nn/index.ts';
import { Random } from '../../src/random/random.ts';
import type { Batch, BatchStream } from '../../src/text/index.ts';
import type { Objective, Optimizer, UpdateOptions } from '../../src/train/index.ts';

/** An objective, a stream of batches and an optimizer that `src/` does not know. */

type Names = 'tokens' | 'targets' | 'mask';

/** The mean loss over the targets whose mask is 1; those whose mask is 0 do not count. */
export const maskedNextToken: Objective<GPT2, Names> = (model, { tokens, targets, mask }, pass) => {
  const logProbabilities = model.forward(tokens, pass).logSoftmax(-1); // [batch, time, vocabSize]
  const ofTargets = logProbabilities.gather(2, targets.unsqueeze(2)).reshape(targets.shape); // [batch, time]
  return ofTargets.mul(mask).sum().neg().div(mask.sum());
};

const vocabSize = 8;
const pairs = 4;

/**
 * Questions and answers: a random letter and after it the letter that answers it. Nobody can predict the questions; the mask is 1
 * where the target is an answer. The questions are drawn without putting back, all of them in each epoch.
 */
export class QuestionsAndAnswers implements BatchStream<Names> {
  readonly #batchSize: number;
  readonly #random: Random;
  #left: number[] = [];

  constructor(batchSize: number, seed: number) {
    this.#batchSize = batchSize;
    this.#random = new Random(seed);
  }

  next(): Batch<Names> {
    const time = 2 * pairs - 1;
    const shape = [this.#batchSize, time];
    const rows = Array.from({ length: this.#batchSize }, () => this.#row());
    return {
      tokens: { data: Int32Array.from(rows.flatMap((row) => row.slice(0, -1))), shape },
      targets: { data: Int32Array.from(rows.flatMap((row) => row.slice(1))), shape },
      mask: { data: Float32Array.from({ length: this.#batchSize * time }, (_, i) => 1 - ((i % time) % 2)), shape },
    };
  }

  #row(): number[] {
    return Array.from({ length: pairs }, () => {
      if (this.#left.length === 0) this.#left = Array.from({ length: vocabSize }, (_, i) => i);
      const [question] = this.#left.splice(this.#random.integer(this.#left.length), 1) as [number];
      return [question, (question * 5 + 3) % vocabSize];
    }).flat();
  }

  get state(): Json {
    return { random: this.#random.state, left: [...this.#left] };
  }

  restore(state: Json): void {
    const { random, left } = state as { random: number[]; left: number[] };
    this.#random.state = random;
    this.#left = [...left];
  }
}

/** Gradient descent with momentum (Polyak, 1964). */
export class Momentum implements Optimizer {
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly gradients: ReadonlyMap<string, Float32Array>;
  readonly state: { velocity: ReadonlyMap<string, Float32Array> };
  step = 0;

  constructor(parameters: ReadonlyMap<string, Parameter>) {
    const zeros = () => new Map([...parameters].map(([path, { size }]) => [path, new Float32Array(size)]));
    this.parameters = parameters;
    this.gradients = zeros();
    this.state = { velocity: zeros() };
  }

  async gradientNorm(): Promise<number> {
    return Math.hypot(...[...this.gradients.values()].map((gradient) => Math.hypot(...gradient)));
  }

  async update({ learningRate, gradientScale = 1 }: UpdateOptions): Promise<void> {
    this.step++;
    for (const [path, { value }] of this.parameters) {
      const velocity = this.state.velocity.get(path)!;
      const gradient = this.gradients.get(path)!;
      for (let i = 0; i < value.length; i++) {
        velocity[i] = 0.9 * velocity[i]! + gradientScale * gradient[i]!;
        value[i]! -= learningRate * velocity[i]!;
      }
    }
  }
}
