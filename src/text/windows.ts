import { ensure } from '../core/errors.ts';
import type { Random } from '../random/random.ts';
import type { TokenIds } from './encode-text.ts';

/** Pieces of a text for a model to predict: `targets` are the tokens that follow each of `tokens`. */
export interface Windows {
  /** [batch, time], row after row. */
  readonly tokens: Int32Array;
  /** [batch, time]; `targets[b, t]` stands in the text right after `tokens[b, t]`. */
  readonly targets: Int32Array;
  readonly shape: readonly [batch: number, time: number];
}

export interface WindowOptions {
  /** Windows side by side. */
  batchSize: number;
  /** Tokens in a window. */
  contextLength: number;
  /** What the ids are called in an error: 'text' unless told otherwise. */
  name?: string;
}

/** A batch of windows that begin at random places of `ids`, every place equally likely. */
export function randomWindows(
  ids: TokenIds,
  { batchSize, contextLength, name = 'text' }: WindowOptions,
  random: Random,
): Windows {
  ensureSizes({ batchSize, contextLength });
  ensure(
    ids.length > contextLength,
    () =>
      `the ${name} has ${ids.length} tokens, but a context length of ${contextLength} needs at least ` +
      `${contextLength + 1}; give a longer text or a smaller --context-length`,
  );
  const starts = Array.from({ length: batchSize }, () => random.integer(ids.length - contextLength));
  return windowsAt(ids, starts, contextLength);
}

/**
 * All of `ids` in order and without overlap, for evaluating a whole text: every token but the first is a target exactly
 * once. The last batch may have fewer windows, and what is left after it comes as one shorter window; so a mean over
 * the text has to weigh every batch by its number of targets.
 */
export function* sequentialWindows(
  ids: TokenIds,
  { batchSize, contextLength, name = 'text' }: WindowOptions,
): Generator<Windows, void, undefined> {
  ensureSizes({ batchSize, contextLength });
  ensure(
    ids.length > 1,
    () => `the ${name} has ${ids.length} tokens, but predicting needs at least 2; give a longer text`,
  );
  const targets = ids.length - 1;
  const whole = targets - (targets % contextLength);
  for (let start = 0; start < whole; start += batchSize * contextLength) {
    const starts: number[] = [];
    for (let b = 0; b < batchSize && start + b * contextLength < whole; b++) starts.push(start + b * contextLength);
    yield windowsAt(ids, starts, contextLength);
  }
  if (whole < targets) yield windowsAt(ids, [whole], targets - whole);
}

function windowsAt(ids: TokenIds, starts: readonly number[], time: number): Windows {
  const tokens = new Int32Array(starts.length * time);
  const targets = new Int32Array(starts.length * time);
  starts.forEach((start, b) => {
    tokens.set(ids.subarray(start, start + time), b * time);
    targets.set(ids.subarray(start + 1, start + 1 + time), b * time);
  });
  return { tokens, targets, shape: [starts.length, time] };
}

function ensureSizes(sizes: { batchSize: number; contextLength: number }): void {
  for (const [name, size] of Object.entries(sizes)) {
    ensure(Number.isSafeInteger(size) && size > 0, `${name} must be a whole number of at least 1, but is ${size}`);
  }
}
