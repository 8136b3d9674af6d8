import { printable } from '../../core/printable.ts';
import type { Tokenizer } from '../../tokenizer/index.ts';

/** The text of one token; a model may have more tokens than its tokenizer, to round its size. */
export function pieceOf(tokenizer: Tokenizer, id: number): string {
  if (id >= tokenizer.vocabSize) return `token ${id}`;
  const decoder = tokenizer.streamDecoder(); // keeps the space that a token may begin with
  return decoder.push(id) + decoder.end();
}

/** A token in quotation marks, without characters that cannot be seen or that a terminal would obey. */
export const shown = (text: string) => printable(JSON.stringify(text));
