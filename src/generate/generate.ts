import { ensure } from '../errors.ts';
import type { LanguageModel } from '../models/index.ts';
import { Random } from '../random/random.ts';
import type { Tokenizer } from '../tokenizer/index.ts';
import { nextLogits } from './next-logits.ts';
import { checkSamplingOptions, type SamplingOptions, sampleToken } from './sampling.ts';
import { StopFilter } from './stop-filter.ts';

export interface GenerateTokensOptions extends SamplingOptions {
  /** How many tokens to write at most; 200 unless told otherwise. */
  maxTokens?: number;
  /** The same seed gives the same choices. */
  seed?: number;
  /** Writing ends after one of these tokens, which is not given out. */
  stopTokens?: readonly number[];
  signal?: AbortSignal;
}

export interface GenerateOptions extends GenerateTokensOptions {
  /** Writing ends before the first of these strings. */
  stop?: readonly string[];
}

/** Writes on from `prompt`, token by token. The prompt is not repeated. */
export async function* generateTokens(
  model: LanguageModel,
  prompt: readonly number[],
  options: GenerateTokensOptions = {},
): AsyncGenerator<number, void, undefined> {
  const { maxTokens = 200, seed = 0, stopTokens = [], signal } = options;
  checkSamplingOptions(options);
  ensure(
    Number.isSafeInteger(maxTokens) && maxTokens >= 0,
    `maxTokens must be a whole number of at least 0, but is ${maxTokens}`,
  );
  const random = new Random(seed);
  const logits = nextLogits(model);
  const ids = [...prompt];
  for (let i = 0; i < maxTokens && !signal?.aborted; i++) {
    const id = sampleToken(await logits(ids), options, random);
    if (stopTokens.includes(id)) return;
    ids.push(id);
    yield id;
  }
}

/**
 * Writes on from the text `prompt`, piece by piece; a piece is never half a character. It ends after `maxTokens`, at a stop
 * string, or where the model ends the text (`<|endoftext|>`, if its tokenizer has that). An empty prompt starts a new text.
 */
export async function* generate(
  model: LanguageModel,
  tokenizer: Tokenizer,
  prompt: string,
  options: GenerateOptions = {},
): AsyncGenerator<string, void, undefined> {
  const { stop = [], ...tokenOptions } = options;
  const { endOfTextId } = tokenizer;
  const stopTokens = [...(options.stopTokens ?? []), ...(endOfTextId === undefined ? [] : [endOfTextId])];
  const decoder = tokenizer.streamDecoder();
  const filter = new StopFilter(stop);
  for await (const id of generateTokens(model, promptIds(tokenizer, prompt), { ...tokenOptions, stopTokens })) {
    // A model may have more tokens than its tokenizer, to round its size; they stand for nothing.
    const piece = filter.push(id < tokenizer.vocabSize ? decoder.push(id) : '');
    if (piece) yield piece;
    if (filter.stopped) return;
  }
  const rest = filter.push(decoder.end()) + filter.end();
  if (rest) yield rest;
}

/** The prompt's tokens; for an empty prompt, what a new text begins after: the end of one, or a new line. */
function promptIds(tokenizer: Tokenizer, prompt: string): number[] {
  if (prompt !== '') return tokenizer.encode(prompt);
  if (tokenizer.endOfTextId !== undefined) return [tokenizer.endOfTextId];
  try {
    return tokenizer.encode('\n');
  } catch {
    return [0];
  }
}
