import { IndexedHeap } from './indexed-heap.ts';
import { WordSymbols } from './word-symbols.ts';

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

/** Merges between two calls of `onProgress`, and looks at the signal. */
const progressInterval = 256;

/**
 * Learns byte-pair encoding (Sennrich, Haddow and Birch, 2016) from words and how often they occur: again and again, the pair of neighbours that
 * occurs most often becomes a token. Among pairs that occur equally often, the one with the lexicographically greater bytes wins: first the left
 * token's, then the right one's. Two pairs with the same bytes together become the same token.
 *
 * It ends early when no pair is left. A merge takes time only for the places where the pair stands. Counts are exact up to 2^53.
 *
 * @throws the signal's reason when aborted
 */
export function learnMerges(
  words: Iterable<readonly [word: Uint8Array, count: number]>,
  { vocabSize, minCount = 1, onProgress, signal }: LearnMergesOptions,
): LearnedMerges {
  const tokens = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
  const idOfBytes = new Map(tokens.map((bytes, id) => [keyOf(bytes), id]));
  const merges: [number, number][] = [];
  const symbols = new WordSymbols(words);
  const { pairs } = symbols;
  /** The counts as the queue knows them: they must change one at a time. */
  const known: number[] = [];
  const queue = new IndexedHeap((a, b) => {
    if (known[a] !== known[b]) return known[a]! > known[b]!;
    const [one, other] = [pairs[a]!, pairs[b]!];
    const byLeft = one.left === other.left ? 0 : compareBytes(tokens[one.left]!, tokens[other.left]!);
    return (byLeft || compareBytes(tokens[one.right]!, tokens[other.right]!)) > 0;
  });
  const enqueue = (index: number) => {
    known[index] = pairs[index]!.count;
    queue.update(index);
  };
  for (const index of pairs.keys()) enqueue(index);

  while (tokens.length < vocabSize && queue.first !== undefined) {
    const index = queue.first;
    const { left, right, count } = pairs[index]!;
    if (count < minCount) break;
    const bytes = joined(tokens[left]!, tokens[right]!);
    const id = idOfBytes.get(keyOf(bytes)) ?? tokens.push(bytes) - 1;
    idOfBytes.set(keyOf(bytes), id);
    merges.push([left, right]);
    for (const changed of symbols.merge(index, id)) {
      if (pairs[changed]!.count > 0) enqueue(changed);
      else queue.remove(changed);
    }
    if (merges.length % progressInterval === 0) {
      signal?.throwIfAborted();
      onProgress?.(tokens.length);
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

/** Bytes as the key of a Map: each as the character of its number. */
function keyOf(bytes: Uint8Array): string {
  let key = '';
  for (const byte of bytes) key += String.fromCharCode(byte);
  return key;
}

/** Negative if `a` comes before `b` in the order of bytes, positive if after, 0 if they are equal. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
