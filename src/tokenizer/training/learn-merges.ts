import { IndexedHeap } from './indexed-heap.ts';
import { WordSymbols } from './word-symbols.ts';
import type { WordTable } from './word-table.ts';

export interface LearnMergesOptions {
  /** The number of tokens to end with, the 256 bytes included. */
  vocabSize: number;
  /** Pairs that occur less often are not merged. Defaults to 1. */
  minCount?: number | undefined;
  /** Is called from time to time with the number of tokens so far. */
  onProgress?: ((tokens: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** What byte-pair encoding has learned. */
export interface LearnedMerges {
  /** The bytes of each token: the 256 bytes in their order, then the merged ones in the order learned. */
  readonly tokens: readonly Uint8Array[];
  /** The pairs of tokens that merge, in the order learned. */
  readonly merges: readonly (readonly [left: number, right: number])[];
}

/** Milliseconds between two calls of `onProgress`, and looks at the signal. */
const pauseInterval = 100;

/**
 * Learns byte-pair encoding (Sennrich, Haddow and Birch, 2016) from words and how often they occur: again and again, the pair of neighbours that
 * occurs most often becomes a token. Among pairs that occur equally often, the one with the lexicographically greater bytes wins: first the left
 * token's, then the right one's. No two tokens have the same bytes: what merges between two places depends on the bytes between them alone.
 *
 * It ends early when no pair is left. A merge takes time only for the places where the pair stands. Counts are exact up to 2^53.
 *
 * @throws the signal's reason when aborted
 */
export async function learnMerges(
  words: WordTable,
  { vocabSize, minCount = 1, onProgress, signal }: LearnMergesOptions,
): Promise<LearnedMerges> {
  const tokens = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
  const merges: [number, number][] = [];
  const symbols = new WordSymbols(words);
  const { pairs } = symbols;
  /** The counts as the queue knows them: they must change one at a time. */
  const known: number[] = [];
  const queue = new IndexedHeap((a, b) => {
    if (known[a] !== known[b]) return known[a]! > known[b]!;
    const byLeft = compareBytes(tokens[pairs.left[a]!]!, tokens[pairs.left[b]!]!);
    return (byLeft || compareBytes(tokens[pairs.right[a]!]!, tokens[pairs.right[b]!]!)) > 0;
  });
  /** Counts only fall, except of pairs with the newest token; so a pair that is too rare can be forgotten. */
  const enqueue = (index: number) => {
    const count = pairs.counts[index]!;
    if (count === known[index]) return;
    known[index] = count;
    if (count >= minCount && count > 0) queue.update(index);
    else queue.remove(index);
  };
  for (let index = 0; index < pairs.size; index++) enqueue(index);

  signal?.throwIfAborted();
  let nextPause = performance.now() + pauseInterval;
  while (tokens.length < vocabSize && queue.first !== undefined) {
    const index = queue.first;
    const [left, right] = [pairs.left[index]!, pairs.right[index]!];
    const id = tokens.push(joined(tokens[left]!, tokens[right]!)) - 1;
    merges.push([left, right]);
    for (const changed of symbols.merge(index, id)) enqueue(changed);
    if (performance.now() > nextPause) {
      onProgress?.(tokens.length);
      await new Promise((resolve) => setTimeout(resolve)); // so that others get to work, and can abort
      signal?.throwIfAborted();
      nextPause = performance.now() + pauseInterval;
    }
  }
  onProgress?.(tokens.length);
  return { tokens, merges };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Negative if `a` comes before `b` in the order of bytes, positive if after, 0 if they are equal. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
