import { type AddedToken, addedTokenSplitter } from './added-tokens.ts';
import { BPEModel } from './bpe-model.ts';
import { createNormalizer } from './normalizer.ts';
import { createPreTokenizer } from './pre-tokenizer.ts';
import type { TokenizerFile } from './tokenizer-json.ts';

/** Text to ids: cut at added tokens, normalise, cut at those that are looked for after it, cut into words, merge. */
export function createEncoder(
  file: TokenizerFile,
  added: readonly AddedToken[],
): (text: string, allowSpecial: boolean) => number[] {
  const normalize = createNormalizer(file.normalizer);
  const preTokenize = createPreTokenizer(file.pre_tokenizer);
  const model = new BPEModel(file.model);

  // Special tokens are always looked for in the original text: in the normalised one, where `▁` stands before every text,
  // they would be missed in the middle of it.
  const late = added.filter((token) => token.normalized && !token.special);
  const early = added.filter((token) => !late.includes(token));
  const splitAtAll = addedTokenSplitter(early);
  const splitAtOrdinary = addedTokenSplitter(early.filter((token) => !token.special));
  const splitNormalized = addedTokenSplitter(late.map((token) => ({ ...token, content: normalize(token.content) })));

  return (text, allowSpecial) => {
    const ids: number[] = [];
    for (const section of (allowSpecial ? splitAtAll : splitAtOrdinary)(text)) {
      if (typeof section === 'number') {
        ids.push(section);
        continue;
      }
      for (const part of splitNormalized(normalize(section.text))) {
        if (typeof part === 'number') {
          ids.push(part);
          continue;
        }
        for (const word of preTokenize(part.text, section.start === 0 && part.start === 0)) {
          for (const id of model.encode(word)) ids.push(id);
        }
      }
    }
    return ids;
  };
}
