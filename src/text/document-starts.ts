import { ensureIds } from '../core/kind.ts';
import type { TokenIds } from './encode-text.ts';

/** Where documents begin in a text: at its beginning, and after every end-of-text token but a last one. */
export function documentStartsOf(ids: TokenIds, endOfTextId: number | undefined): Float64Array {
  ensureIds('documentStartsOf', 'the ids', ids);
  if (ids.length === 0) return new Float64Array();
  const starts = [0];
  if (endOfTextId !== undefined) {
    for (
      let end = ids.indexOf(endOfTextId);
      end >= 0 && end + 1 < ids.length;
      end = ids.indexOf(endOfTextId, end + 1)
    ) {
      starts.push(end + 1);
    }
  }
  return Float64Array.from(starts);
}
