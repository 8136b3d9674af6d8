/**
 * SentencePiece's byte-pair encoding (Kudo and Richardson, 2018), used by Llama 2 and Mistral. Its vocabulary has no list of merges, but a score
 * for each token: two neighbours merge if their joined text is a token, and the merge whose token has the highest score comes first; among equal
 * scores the leftmost in the text.
 *
 * Scores and a list of merges are equivalent. The characters of a token merge independently of the rest of the text, until one merges with a
 * neighbour outside. So a token is always formed from the same two parts as when its text is encoded alone; other pairs with the same text never
 * meet. Therefore scores can be turned into merges and back, if each token's text alone becomes that token.
 */
import * as v from 'valibot';
import { ensure } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { type BPEModelJSON, partsOf } from '../../tokenizer/hugging-face/bpe-model.ts';
import { normalizerSchema } from '../../tokenizer/hugging-face/normalizer.ts';
import type { TokenizerFile } from '../../tokenizer/hugging-face/tokenizer-file.ts';
import type { TokenizerParts } from '../../tokenizer/hugging-face/write-files.ts';
import { type GgufToken, tokenType } from './vocabulary.ts';

/** The character that represents a space. */
const SPACE = '▁';

/** How spaces are treated, in the form of Llama 2's tokenizer.json. `prefix` says whether a space is put before every text. */
export function sentencePieceParts(prefix: boolean): Pick<TokenizerParts, 'normalizer' | 'decoder'> {
  const replace = (from: string, content: string) => ({ type: 'Replace', pattern: { String: from }, content });
  const toMarks = replace(' ', SPACE);
  const strip = { type: 'Strip', content: ' ', start: 1, stop: 0 };
  const decoders = [replace(SPACE, ' '), { type: 'ByteFallback' }, { type: 'Fuse' }];
  return {
    normalizer: prefix ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: SPACE }, toMarks] } : toMarks,
    decoder: { type: 'Sequence', decoders: prefix ? [...decoders, strip] : decoders },
  };
}

/**
 * Whether a SentencePiece tokenizer puts a space before every text; undefined for other tokenizers. Before a text that begins with a space,
 * `Metaspace` puts none, but llama.cpp and SentencePiece itself do.
 */
export function spacePrefixOf({ normalizer, pre_tokenizer: words, model }: TokenizerFile): boolean | undefined {
  const steps = normalizer?.type === 'Sequence' ? normalizer.normalizers : normalizer ? [normalizer] : [];
  if (words?.type === 'Metaspace' && words.replacement === SPACE && steps.length === 0) {
    // Whether the text is cut at spaces makes no difference if tokens have spaces only at their beginning.
    const isWhole = !words.split || [...model.vocab.keys()].every((token) => token.lastIndexOf(SPACE) <= 0);
    return isWhole ? words.prepend_scheme !== 'never' : undefined;
  }
  const form = JSON.stringify(steps);
  const isForm = (prefix: boolean) => {
    const { normalizer } = sentencePieceParts(prefix);
    const expected = v.parse(normalizerSchema, normalizer);
    return form === JSON.stringify(expected.type === 'Sequence' ? expected.normalizers : [expected]);
  };
  return words === null ? [true, false].find(isForm) : undefined;
}

/** The most characters of a token. SentencePiece's default limit is 16. */
const longestToken = 512;

/** Pairs of tokens that merge, and their ranks if some are equal. */
type Merges = Pick<BPEModelJSON, 'merges' | 'ranks'>;

/**
 * The merges that follow from scores: every pair of ordinary tokens whose joined text is a third, ordered by the third's score, the highest first.
 * Merges of equal scores have equal ranks, so that the leftmost in a text comes first. In the list, the one with the longer left token stands first,
 * as in Hugging Face's own conversion, which has only the list. Control tokens take no part, so that no text can spell one.
 */
export function mergesFromScores(tokens: readonly GgufToken[], scores: ArrayLike<number>): Merges {
  const ordinary = tokens.filter(({ type }) => type === tokenType.normal);
  const texts = new Set(ordinary.map(({ text }) => text));
  const made: { score: number; pair: [string, string] }[] = [];
  for (const { id, text } of ordinary) {
    const score = scores[id]!;
    ensure(Number.isFinite(score), `token ${id} of its vocabulary has the score ${score}, which is not a number`);
    // A token is cut at every position, which takes time quadratic in its length.
    ensure(
      text.length <= longestToken,
      `token ${id} of its vocabulary is ${text.length} characters long, which is too long for a token; get an undamaged file`,
    );
    for (const pair of pairsOf(text)) if (pair.every((part) => texts.has(part))) made.push({ score, pair });
  }
  made.sort((a, b) => b.score - a.score || b.pair[0].length - a.pair[0].length || b.pair[1].length - a.pair[1].length);
  const ranks: number[] = [];
  for (const [i, { score }] of made.entries()) {
    const previous = ranks[i - 1] ?? -1;
    ranks.push(i > 0 && made[i - 1]!.score === score ? previous : previous + 1);
  }
  const merges = made.map(({ pair }) => pair);
  // Two pairs that make the same token never meet in a text, so their order makes no difference.
  const isTied = made.some(
    ({ pair }, i) => i > 0 && ranks[i] === ranks[i - 1] && pair.join('') !== merges[i - 1]!.join(''),
  );
  return isTied ? { merges, ranks } : { merges };
}

/**
 * The scores that follow from merges, by token: 0 for the first merge, then -1, and so on. Throws a TsgptError if scores cannot express the merges.
 */
export function scoresFromMerges({ merges, ranks }: Merges, ordinary: readonly string[]): Map<string, number> {
  const rankOf = new Map(merges.map((merge, i) => [partsOf(merge).join('\0'), ranks?.[i] ?? i]));
  const rankOfPair = (left: string, right: string) => rankOf.get(`${left}\0${right}`);
  const scores = new Map<string, number>();
  const alone = new Map<string, string[]>();
  for (const text of ordinary) {
    const { parts, last } = mergeAlone(text, rankOfPair);
    alone.set(text, parts);
    // Characters, and tokens that no merge forms, come after all others.
    scores.set(text, parts.length === 1 && last !== undefined ? 0 - last : -merges.length - scores.size);
  }
  const rankOfToken = (left: string, right: string) => {
    const score = scores.get(left + right);
    return score === undefined ? undefined : -score;
  };
  for (const [text, parts] of alone) {
    const { parts: byScore } = mergeAlone(text, rankOfToken);
    ensure(
      byScore.join('\0') === parts.join('\0'),
      () =>
        `this tokenizer cannot be written as GGUF: by its merges ${printable(text)} is ${printable(parts.join(' '))}, but llama.cpp, which ` +
        `merges by scores, would make it ${printable(byScore.join(' '))}`,
    );
  }
  return scores;
}

/** The two parts of a text for every position where it can be cut. */
function pairsOf(text: string): [string, string][] {
  const characters = [...text];
  return characters.slice(1).map((_, i) => {
    const left = characters.slice(0, i + 1).join('');
    return [left, text.slice(left.length)];
  });
}

/** Merges a short text alone. Returns its parts once no two merge any more, and the rank of the last merge. */
function mergeAlone(text: string, rankOf: (left: string, right: string) => number | undefined) {
  const parts = [...text];
  let last: number | undefined;
  for (;;) {
    let [best, at] = [Number.POSITIVE_INFINITY, -1];
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = rankOf(parts[i]!, parts[i + 1]!);
      if (rank !== undefined && rank < best) [best, at] = [rank, i];
    }
    if (at < 0) return { parts, last };
    parts.splice(at, 2, parts[at]! + parts[at + 1]!);
    last = best;
  }
}
