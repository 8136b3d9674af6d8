import type { Decoder } from './decoder.ts';
import type { Draft } from './draft.ts';
import type { KVCache } from './kv-cache.ts';
import { logProbabilities } from './log-probabilities.ts';
import { makeRoom } from './make-room.ts';
import type { GeneratedToken, GenerateTokensOptions, Text } from './options.ts';
import { sampleToken, samplingOptionsIn } from './sampling.ts';
import { chooseWithGuess, costPerToken } from './speculate.ts';

/**
 * Continues one text: each pass reads the last token and the draft's guesses of the next ones. The tokens up to the first wrong guess count; that
 * one is replaced by the model's own choice. However the caller leaves the loop, the cache holds no token that was not yielded.
 */
export async function* continueWithDraft(
  decoder: Decoder,
  cache: KVCache,
  text: Text,
  draft: Draft,
  options: GenerateTokensOptions & { maxTokens: number },
): AsyncGenerator<GeneratedToken, void, undefined> {
  const { maxTokens, stopTokens = [], keepFirst = 0, signal } = options;
  const cost = costPerToken[decoder.quantization ?? 'float32'];
  const sampling = samplingOptionsIn(options);
  let written = 0;
  /** The number of tokens in the cache that belong to the text. */
  let valid = cache.lengths[0]!;
  try {
    while (written < maxTokens && !signal?.aborted) {
      const unread = makeRoom(cache, 0, text, keepFirst);
      // Reading a prompt, there is nothing to guess yet.
      const room = unread.length > 1 ? 0 : cache.capacity - cache.lengths[0]! - 1;
      const most = Math.min(room, maxTokens - written - 1);
      const guesses = await draft.guess(text.ids, { most, cost, sampling, random: text.random });
      const read = cache.lengths[0]! + unread.length;
      const rows =
        guesses.length === 0
          ? await decoder.append(cache, [unread])
          : await decoder.score(cache, 0, [...unread, ...guesses.map(({ id }) => id)]);
      let accepted = 0;
      for (const logits of rows) {
        valid = read + accepted;
        const guess = guesses[accepted];
        const id = guess
          ? chooseWithGuess(logits!, guess, sampling, text.random, text.ids)
          : sampleToken(logits!, sampling, text.random, text.ids);
        text.ids.push(id);
        text.unread = [id];
        if (stopTokens.includes(id)) return;
        yield { id, ...logProbabilities(logits!, id, options.logProbabilities) };
        written++;
        if (id !== guess?.id || signal?.aborted) break;
        accepted++;
      }
      draft.learn(accepted);
      cache.truncate(0, valid);
    }
  } finally {
    cache.truncate(0, Math.min(valid, cache.lengths[0]!));
  }
}
