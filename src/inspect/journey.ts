import type { Shape } from '../core/shape.ts';
import type { LanguageModel } from '../models/index.ts';
import { observe } from '../nn/index.ts';
import { compute, type Tensor } from '../tensor/index.ts';
import { tokensOf } from './tokens.ts';

/** Summary statistics of a tensor inside a model. */
export interface Station {
  /** The path of the module that computes it, such as `blocks.0.attention`, or the tensor's name inside a module. */
  name: string;
  shape: Shape;
  mean: number;
  /** The standard deviation of its elements. */
  deviation: number;
  smallest: number;
  largest: number;
}

/**
 * The journey of a prompt through a model: the tokens, then every tensor that {@link observe} sees, then the logits. `ids` are the prompt's
 * token ids.
 */
export async function journey(model: LanguageModel, ids: readonly number[]): Promise<Station[]> {
  const tokens = tokensOf(model, ids);
  let logits = tokens;
  const inside = observe(model, () => {
    logits = model.unembed(model.features(tokens));
    return logits;
  });
  const stations = new Map([['tokens', tokens], ...inside, ['logits', logits]]);
  // Only the statistics leave the graph, all in one run: the tensors may be large.
  const statistics = [...stations.values()].map(statisticsOf);
  await compute(statistics.flat());
  return Promise.all(
    [...stations].map(async ([name, { shape }], i) => {
      const [mean, deviation, smallest, largest] = await Promise.all(
        statistics[i]!.map((statistic) => statistic.item()),
      );
      return { name, shape, mean: mean!, deviation: deviation!, smallest: smallest!, largest: largest! };
    }),
  );
}

/** Mean, standard deviation, smallest and largest element, as scalars. */
function statisticsOf(tensor: Tensor): Tensor[] {
  const values = tensor.to('float32');
  const mean = values.mean();
  const distance = values.sub(mean);
  return [mean, distance.mul(distance).mean().sqrt(), values.neg().max().neg(), values.max()];
}
