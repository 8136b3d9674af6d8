import { TsgptError } from '../../core/errors.ts';
import type { EncodeOptions, Tokenizer } from '../../tokenizer/index.ts';
import { PartEncoder } from '../../tokenizer/part-encoder.ts';
import { dtypeOfTokens, type SplitName } from './manifest.ts';
import type { EncodedPortion, PortionPart, SplitTokens, TextPortion } from './text-portion.ts';

/** Encodes every part of a portion. Documents end with the end-of-text token, if the tokenizer has one. */
export function encodePortion({ parts }: TextPortion, tokenizer: Tokenizer, options: EncodeOptions): EncodedPortion {
  try {
    return { train: splitTokens('train'), validation: splitTokens('validation') };
  } catch (error) {
    // An error does not keep its class on its way out of a thread.
    if (!(error instanceof TsgptError)) throw error;
    return { problem: error.message };
  }

  function splitTokens(split: SplitName): SplitTokens {
    const ids: number[] = [];
    const documentStarts: number[] = [];
    for (const part of parts) {
      if (part.split !== split) continue;
      const start = ids.length;
      for (const id of encodePart(part, tokenizer, options)) ids.push(id);
      if (part.isEnd && tokenizer.endOfTextId !== undefined) ids.push(tokenizer.endOfTextId);
      if (part.isBeginning && ids.length > start) documentStarts.push(start);
    }
    const IdArray = dtypeOfTokens(tokenizer.vocabSize) === 'uint16' ? Uint16Array : Uint32Array;
    return { ids: IdArray.from(ids), documentStarts };
  }
}

function encodePart(part: PortionPart, tokenizer: Tokenizer, options: EncodeOptions): readonly number[] {
  const { text, addedSpaces, place } = part;
  const encoder = new PartEncoder(tokenizer, options, addedSpaces);
  let ids: readonly number[];
  try {
    ids = addedSpaces === undefined ? encoder.beginning(text) : encoder.inside(text);
  } catch (cause) {
    if (!(cause instanceof TsgptError)) throw cause;
    throw new TsgptError(`${place} cannot be tokenized: ${cause.message}`, { cause });
  }
  const unknown = ids.find((id) => id >= tokenizer.vocabSize);
  if (unknown !== undefined) {
    throw new TsgptError(
      `${place} has the token ${unknown}, beyond the vocabulary of ${tokenizer.vocabSize}; use another tokenizer`,
    );
  }
  return ids;
}
