import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureKind } from '../core/kind.ts';
import type { LanguageModel } from '../models/index.ts';
import { observe } from '../nn/index.ts';
import { compute } from '../tensor/index.ts';
import { tokensOf } from './tokens.ts';

/** The model's prediction if it ended after one of its blocks. */
export interface BlockPrediction {
  /** Where the prediction is read: `embeddings`, or the path of a block. */
  name: string;
  /** The likeliest next tokens, the likeliest first. */
  predictions: { id: number; probability: number }[];
}

/**
 * The logit lens (nostalgebraist, 2020): the final normalisation and the head are applied after every block, not only after the last one, at
 * the last token of the prompt. It shows how the prediction takes shape from block to block.
 *
 * @param ids the prompt's token ids
 * @param count the number of likeliest tokens for each block. Defaults to 5.
 */
export async function logitLens(model: LanguageModel, ids: readonly number[], count = 5): Promise<BlockPrediction[]> {
  ensureKind('logitLens', 'a language model', model, 'config', 'blocks');
  const { vocabSize } = model.config;
  ensure(
    Number.isSafeInteger(count) && count >= 1 && count <= vocabSize,
    `the number of predictions for each block must be from 1 to ${vocabSize}, but is ${describeValue(count)}`,
  );
  const inside = observe(model, () => model.features(tokensOf(model, ids)));
  const blocks = new Set(
    [...model.namedModules()].flatMap(([path, part]) => (model.blocks.includes(part) ? [path] : [])),
  );
  const layers = [...inside].filter(([name]) => name === 'embeddings' || blocks.has(name));
  const probabilities = layers.map(([, hidden]) => {
    const last = hidden.slice(null, [ids.length - 1, ids.length]); // [1, 1, embDim]
    return model.unembed(model.finalNorm.forward(last)).softmax(-1); // [1, 1, vocabSize]
  });
  await compute(probabilities);
  return Promise.all(
    layers.map(async ([name], i) => ({ name, predictions: likeliest(await probabilities[i]!.data(), count) })),
  );
}

function likeliest(probabilities: ArrayLike<number>, count: number): BlockPrediction['predictions'] {
  return Array.from(probabilities, (probability, id) => ({ id, probability }))
    .sort((a, b) => b.probability - a.probability || a.id - b.id)
    .slice(0, count);
}
