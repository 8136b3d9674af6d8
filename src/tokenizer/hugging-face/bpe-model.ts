import * as v from 'valibot';
import { ensure, TsgptError } from '../../core/errors.ts';
import { printable, quoted } from '../../core/printable.ts';
import { MergeTable } from '../bpe.ts';
import { isTokenId } from './added-tokens.ts';

/** Two tokens; in older files one string, with a space between them. */
export type Merge = readonly [left: string, right: string] | string;

/** The two tokens of a merge. */
export function partsOf(merge: Merge): readonly [left: string, right: string] {
  if (typeof merge !== 'string') return merge;
  const space = merge.indexOf(' ');
  return [merge.slice(0, space), merge.slice(space + 1)];
}

/** The `model` of a tokenizer.json: byte-pair encoding of words, over characters that represent bytes or over the text's own characters. */
export interface BPEModelJSON {
  /** Tokens and their ids. */
  vocab: Map<string, number>;
  /** The pairs of tokens that merge, in the order learned. */
  merges: readonly Merge[];
  /** The rank of each merge, if some are equal, as in SentencePiece's own files; otherwise its position. Hugging Face's files have no such field. */
  ranks?: number[] | undefined;
  /** The token for a character that is not in the vocabulary. */
  unk_token: string | null;
  /** Whether several unknown characters in a row become one token. */
  fuse_unk: boolean;
  /** Whether a character that is not in the vocabulary becomes the tokens of its bytes, `<0x00>` to `<0xFF>`. */
  byte_fallback: boolean;
  /** Whether a word that is in the vocabulary becomes that token, even if the merges lead elsewhere. */
  ignore_merges: boolean;
}

/** A Map, because in an object tokens such as `constructor` would be special. */
const vocabSchema = v.pipe(
  v.custom<object>((json) => typeof json === 'object' && json !== null && !Array.isArray(json), 'it must be an object'),
  v.transform((json) => {
    const vocab = new Map<string, number>(); // checked below
    for (const token of Object.keys(json)) vocab.set(token, json[token as keyof typeof json]);
    return vocab;
  }),
  v.check((vocab) => vocab.size > 0, 'it has no tokens'),
  v.check((vocab) => {
    for (const id of vocab.values()) if (!isTokenId(id)) return false;
    return true;
  }, 'every id must be a whole number of at least 0, below 2^21'),
);

// Not v.array, which makes an object for each of the tens of thousands of merges. They are not cut either: that would make three.
const mergesSchema = v.pipe(
  v.custom<unknown[]>(Array.isArray, 'it must be an array'),
  v.check((merges) => merges.every(isMerge), 'every merge must be a pair of tokens'),
  v.transform((merges) => merges as Merge[]),
);

function isMerge(merge: unknown): boolean {
  if (typeof merge !== 'string') {
    return Array.isArray(merge) && merge.length === 2 && merge.every((part) => typeof part === 'string');
  }
  const space = merge.indexOf(' ');
  return space !== -1 && merge.indexOf(' ', space + 1) === -1;
}

const ranksSchema = v.optional(
  v.array(v.pipe(v.number(), v.check(isTokenId, 'a rank must be a whole number of at least 0'))),
);

const switchSchema = v.nullish(v.boolean(), false);
const unsupported = <T extends string | number>(off: T) => v.nullish(v.literal(off, 'this option is not supported'));

export const bpeModelSchema: v.GenericSchema<unknown, BPEModelJSON> = v.object({
  // Early files omit the type.
  type: v.nullish(
    v.literal('BPE', ({ received }) => `the type ${received} is not supported, only "BPE"`),
    'BPE',
  ),
  vocab: vocabSchema,
  merges: mergesSchema,
  ranks: ranksSchema,
  unk_token: v.nullish(v.string(), null),
  fuse_unk: switchSchema,
  byte_fallback: switchSchema,
  ignore_merges: switchSchema,
  dropout: unsupported(0),
  continuing_subword_prefix: unsupported(''),
  end_of_word_suffix: unsupported(''),
});

/** Turns words into ids. */
export class BPEModel {
  /** Without the merges: with their strings they would take 8 MiB for 50,000 tokens. */
  readonly #settings: Omit<BPEModelJSON, 'merges' | 'ranks'>;
  readonly #merges = new MergeTable();
  readonly #unknownId: number | undefined;
  readonly #known = new Map<string, readonly number[]>();

  constructor(json: BPEModelJSON) {
    const { merges, ranks, ...settings } = json;
    this.#settings = settings;
    const { vocab, unk_token } = settings;
    this.#unknownId = unk_token === null ? undefined : vocab.get(unk_token);
    for (const [i, merge] of merges.entries()) {
      const [left, right] = partsOf(merge);
      const [leftId, rightId, id] = [vocab.get(left), vocab.get(right), vocab.get(left + right)];
      ensure(
        leftId !== undefined && rightId !== undefined && id !== undefined,
        () =>
          `this tokenizer cannot be used: it merges ${printable(left)} and ${printable(right)}, ` +
          'but its vocabulary lacks one of them or the merged token',
      );
      this.#merges.add(leftId, rightId, id, ranks?.[i]);
    }
  }

  /** The ids of a word. Throws a TsgptError for a character that the vocabulary cannot express. */
  encode(word: string): readonly number[] {
    // Only short words are kept: a longer piece of a string may keep the whole string alive.
    if (word.length > LONGEST_KNOWN) return this.#encode(word);
    let ids = this.#known.get(word);
    if (ids === undefined) {
      ids = this.#encode(word);
      if (this.#known.size >= MOST_KNOWN) this.#known.clear();
      this.#known.set(word, ids);
    }
    return ids;
  }

  #encode(word: string): readonly number[] {
    const whole = this.#settings.ignore_merges ? this.#settings.vocab.get(word) : undefined;
    return whole === undefined ? this.#merges.encode(this.#symbols(word)) : [whole];
  }

  /** The ids before any merge: of each character, of its bytes, or of the unknown token. */
  #symbols(word: string): number[] {
    const { vocab, fuse_unk: fuse } = this.#settings;
    const symbols: number[] = [];
    let afterUnknown = false;
    for (const character of word) {
      const id = vocab.get(character);
      const known = id === undefined ? this.#byteIds(character) : [id];
      if (known) symbols.push(...known);
      else if (!(afterUnknown && fuse)) symbols.push(this.#unknownId ?? unknown(character));
      afterUnknown = !known;
    }
    return symbols;
  }

  #byteIds(character: string): number[] | undefined {
    if (!this.#settings.byte_fallback) return undefined;
    const names = Array.from(
      new TextEncoder().encode(character),
      (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
    );
    const ids = names.map((name) => this.#settings.vocab.get(name));
    return ids.includes(undefined) ? undefined : (ids as number[]);
  }
}

const LONGEST_KNOWN = 12;
const MOST_KNOWN = 2 ** 16;

function unknown(character: string): never {
  throw new TsgptError(
    `the character ${quoted(character)} is not in the vocabulary of this tokenizer, which has no unknown token; ` +
      'leave the character out',
  );
}
