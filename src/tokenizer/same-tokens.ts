import { ensureKind } from '../core/kind.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Whether two tokenizers have the same tokens with the same ids. */
export function sameTokens(a: Tokenizer, b: Tokenizer): boolean {
  for (const tokenizer of [a, b]) ensureKind('sameTokens', 'two tokenizers', tokenizer, 'vocabSize', 'tokenBytes');
  if (a.vocabSize !== b.vocabSize) return false;
  for (let id = 0; id < a.vocabSize; id++) {
    const [one, other] = [a.tokenBytes(id), b.tokenBytes(id)];
    if (one.length !== other.length || one.some((byte, i) => byte !== other[i])) return false;
  }
  return true;
}
