import { attentionMaps, type LanguageModel, type Tokenizer, TsgptError } from 'tsgpt';
import { visibleToken } from 'tsgpt/inspect';
import { openModel } from 'tsgpt/node';

/** The small model that comes with the project, and its tokenizer. It has read Jane Austen's novels. */
export async function openAusten(): Promise<{ model: LanguageModel; tokenizer: Tokenizer }> {
  const opened = await openModel('austen');
  const { tokenizer } = opened;
  if (!tokenizer) throw new TsgptError('The model austen has no tokenizer: check out data/austen.gguf again.');
  return { model: await opened.model(), tokenizer };
}

/** A head of attention, and how it reads a sentence. */
export interface ReadingHead {
  /** "block 1, head 2"; both count from 0. */
  readonly name: string;
  /** The weight with which the sentence's last token looks at the word. */
  readonly weight: number;
  /** All its weights: `rows[i][j]` is how much token i takes in from token j. */
  readonly rows: readonly (readonly number[])[];
  /** The sentence's tokens, with spaces made visible. */
  readonly tokens: readonly string[];
}

/**
 * Every head of a model, with the weight that it gives a word of a sentence at the sentence's last token.
 *
 * @throws TsgptError if no token of the sentence is the word
 */
export async function headsLookingAt(
  word: string,
  sentence: string,
  { model, tokenizer }: { model: LanguageModel; tokenizer: Tokenizer },
): Promise<ReadingHead[]> {
  const ids = tokenizer.encode(sentence);
  const tokens = ids.map((id) => tokenizer.decode([id]));
  const column = tokens.findIndex((token) => token.trim() === word);
  if (column < 0) throw new TsgptError(`No token of "${sentence}" is "${word}"; its tokens are ${tokens.join('|')}.`);
  const maps = await attentionMaps(model, ids);
  return maps.flatMap(({ heads }, block) =>
    heads.map((rows, head) => ({
      name: `block ${block}, head ${head}`,
      weight: rows.at(-1)![column]!,
      rows,
      tokens: tokens.map(visibleToken),
    })),
  );
}
