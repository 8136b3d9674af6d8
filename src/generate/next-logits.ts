import { ensure } from '../errors.ts';
import type { LanguageModel } from '../models/index.ts';
import { compile, fromArray } from '../tensor/index.ts';

/**
 * A function that computes the logits of the token after `ids`, `[vocabSize]`. Of more ids than the model sees at once, it reads
 * the last ones.
 *
 * It pads the ids to one of few lengths, so that few graphs are compiled: what stands behind a position does not change it.
 */
export function nextLogits(model: LanguageModel): (ids: readonly number[]) => Promise<Float32Array> {
  const { contextLength, vocabSize } = model.config;
  const logitsAt = compile((tokens, position) => {
    const features = model.features(tokens!).reshape([tokens!.shape[1]!, -1]); // [time, embDim]
    return [model.unembed(features.rows(position!))]; // [1, vocabSize]
  });
  return async (ids) => {
    ensure(ids.length > 0, 'there is nothing to continue: give at least one token');
    const visible = ids.slice(-contextLength);
    const outside = visible.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabSize));
    ensure(outside === undefined, () => `token id ${outside} is not one of the model's ${vocabSize} tokens`);
    const tokens = new Int32Array(paddedLength(visible.length, contextLength));
    tokens.set(visible);
    const position = Int32Array.of(visible.length - 1);
    const [logits] = await logitsAt.run([fromArray(tokens, [1, tokens.length]), fromArray(position, [1])]);
    return logits as Float32Array;
  };
}

/** The next power of two, at least 16, at most `limit`. */
function paddedLength(length: number, limit: number): number {
  return Math.min(limit, Math.max(16, 2 ** Math.ceil(Math.log2(length))));
}
