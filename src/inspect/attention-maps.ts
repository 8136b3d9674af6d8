import type { LanguageModel } from '../models/index.ts';
import { observe } from '../nn/index.ts';
import { compute, type Tensor } from '../tensor/index.ts';
import { tokensOf } from './tokens.ts';

/** The attention weights of one block. */
export interface AttentionMap {
  /** The path of the attention module, such as `blocks.0.attention`. */
  name: string;
  /** `heads[h][i][j]`: the weight with which head `h` at token `i` attends to token `j`; every row adds up to 1. */
  heads: number[][][];
}

/** The attention weights of every block for a prompt with the token ids `ids`. */
export async function attentionMaps(model: LanguageModel, ids: readonly number[]): Promise<AttentionMap[]> {
  const inside = observe(model, () => model.features(tokensOf(model, ids)));
  const weights = [...inside].filter(([name]) => name.endsWith('.weights'));
  await compute(weights.map(([, tensor]) => tensor));
  return Promise.all(
    weights.map(async ([name, tensor]) => ({ name: name.replace(/\.weights$/, ''), heads: await headsOf(tensor) })),
  );
}

/** `[1, heads, time, time]` as nested arrays, without the batch dimension. */
async function headsOf(weights: Tensor): Promise<number[][][]> {
  const [heads] = await weights.array<number[][][][]>();
  return heads!;
}
