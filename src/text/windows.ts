import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { ensureCount, ensureKind } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import type { Random, RandomState } from '../random/random.ts';
import type { Batch, BatchStream } from './batches.ts';
import type { TokenIds } from './encode-text.ts';

/**
 * Pieces of a text for a model to predict, each array int32 `[batch, time]`: in the text, `targets[b, t]` comes right after
 * `tokens[b, t]`.
 */
export type Windows = Batch<'tokens' | 'targets'>;

export interface WindowOptions {
  /** The number of windows in a batch. */
  batchSize: number;
  /** The number of tokens in a window. */
  windowLength: number;
  /** The text's name for error messages. Defaults to 'text'. */
  name?: string;
}

const windowOptions: OptionNames<WindowOptions> = { batchSize: true, windowLength: true, name: true };

/** Batches of windows that begin at uniformly random positions of a text. */
export class RandomWindows implements BatchStream<'tokens' | 'targets'> {
  readonly #ids: TokenIds;
  readonly #options: WindowOptions;
  readonly #random: Random;

  /** Throws a TsgptError if `ids` is too short for a window. `random` draws the positions and belongs to the stream from now on. */
  constructor(ids: TokenIds, options: WindowOptions, random: Random) {
    ensureKind('RandomWindows', 'token ids in a typed array, as Uint16Array.from(ids)', ids, 'subarray');
    ensureKind('RandomWindows', 'a source of random numbers, as new Random(1)', random, 'integer');
    const { windowLength, name = 'text' } = knownOptions('RandomWindows', options, windowOptions);
    ensureSizes(options);
    ensure(
      ids.length > windowLength,
      () =>
        `the ${name} has ${ids.length} tokens, but a window length of ${windowLength} needs at least ` +
        `${windowLength + 1}; give a longer text or a smaller window length`,
    );
    this.#ids = ids;
    this.#options = options;
    this.#random = random;
  }

  next(): Windows {
    const { batchSize, windowLength } = this.#options;
    const places = this.#ids.length - windowLength;
    const starts = Array.from({ length: batchSize }, () => this.#random.integer(places));
    return windowsAt(this.#ids, starts, windowLength);
  }

  get state(): RandomState {
    return this.#random.state;
  }

  restore(state: Json): void {
    ensure(
      Array.isArray(state) && state.length === 4 && state.every(Number.isSafeInteger),
      () => `the place of random windows must be four whole numbers, but is ${describeValue(state)}`,
    );
    this.#random.state = state as RandomState;
  }
}

/**
 * All of `ids` in order and without overlap, to evaluate a whole text: every token except the first is a target exactly once. The last batch may
 * have fewer windows, and the rest comes as one shorter window, so a mean over the text must weight every batch by its number of targets.
 */
export function* sequentialWindows(ids: TokenIds, options: WindowOptions): Generator<Windows, void, undefined> {
  ensureKind('sequentialWindows', 'token ids in a typed array, as Uint16Array.from(ids)', ids, 'subarray');
  const { batchSize, windowLength, name = 'text' } = knownOptions('sequentialWindows', options, windowOptions);
  ensureSizes({ batchSize, windowLength });
  ensure(
    ids.length > 1,
    () => `the ${name} has ${ids.length} tokens, but predicting needs at least 2; give a longer text`,
  );
  const targets = ids.length - 1;
  const whole = targets - (targets % windowLength);
  for (let start = 0; start < whole; start += batchSize * windowLength) {
    const starts: number[] = [];
    for (let b = 0; b < batchSize && start + b * windowLength < whole; b++) starts.push(start + b * windowLength);
    yield windowsAt(ids, starts, windowLength);
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
  const shape = [starts.length, time];
  return { tokens: { data: tokens, shape }, targets: { data: targets, shape } };
}

function ensureSizes({ batchSize, windowLength }: WindowOptions): void {
  for (const [name, size] of Object.entries({ batchSize, windowLength })) {
    ensureCount(name, size);
  }
}
