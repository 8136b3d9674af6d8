import vocabulary from 'gpt-tokenizer/bpeRanks/r50k_base';
import { TsgptError } from '../core/errors.ts';
import { ensureString } from '../core/kind.ts';
import { knownOptions } from '../core/options.ts';
import { MergeTable } from './bpe.ts';
import { decodeTokenStream, decodeTokens } from './decode.ts';
import {
  type EncodeOptions,
  encodeOptionNames,
  ensureTokenId,
  type StreamDecoder,
  type Tokenizer,
  type TokenizerJSON,
} from './tokenizer.ts';

const END_OF_TEXT = '<|endoftext|>';

/**
 * GPT-2's tokenizer (Radford et al., 2019): byte-pair encoding of words, over bytes, so that it can express any text.
 * 256 tokens for the bytes, 50,000 merges and `<|endoftext|>` make 50,257.
 *
 * The vocabulary comes from the package gpt-tokenizer; cutting into words and merging happen here.
 */
export class GPT2Tokenizer implements Tokenizer {
  readonly kind = 'gpt2';
  readonly vocabSize = 50_257;
  readonly endOfTextId = 50_256;
  readonly specialTokens = [END_OF_TEXT];
  readonly #bytePairs = bytePairs();

  encode(text: string, options: EncodeOptions = {}): number[] {
    ensureString('encode', 'the text', text);
    const { allowSpecial = false } = knownOptions('encode', options, encodeOptionNames);
    const ids: number[] = [];
    const documents = allowSpecial ? text.split(END_OF_TEXT) : [text];
    documents.forEach((document, i) => {
      if (i > 0) ids.push(this.endOfTextId);
      for (const word of document.match(WORD) ?? []) {
        for (const id of this.#bytePairs.encodeWord(word)) ids.push(id);
      }
    });
    return ids;
  }

  decode(ids: Iterable<number>): string {
    return decodeTokens(this, ids);
  }

  tokenBytes(id: number): Uint8Array {
    ensureTokenId(id, this.vocabSize);
    return this.#bytePairs.tokens[id]!;
  }

  streamDecoder(): StreamDecoder {
    return decodeTokenStream(this);
  }

  toJSON(): TokenizerJSON {
    return { kind: this.kind };
  }

  /** The pairs of ids that merge, in the order learned: one for each token of several bytes. */
  merges(): [left: number, right: number][] {
    return this.#bytePairs.merges.pairs();
  }
}

/**
 * GPT-2's pattern for the words within which pairs merge: English contractions; a run of letters, digits or other signs, each with the space
 * before it; white space, whose last character belongs to the next word.
 *
 * White space is spelled out because JavaScript's `\s` differs from Unicode's, which GPT-2 uses: it has U+FEFF, the
 * byte order mark, and lacks U+0085.
 */
const WORD =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** The vocabulary, ready to encode and decode; the same for every {@link GPT2Tokenizer}. */
class BytePairs {
  /** The bytes of every token. */
  readonly tokens: Uint8Array[];
  /** The id of each of the 256 bytes; they are numbered with the printable ones first. */
  readonly #byteId = new Uint16Array(256);
  readonly merges = new MergeTable();
  readonly #known = new Map<string, readonly number[]>();

  constructor() {
    const utf8 = new TextEncoder();
    this.tokens = vocabulary.map((token) => (typeof token === 'string' ? utf8.encode(token) : Uint8Array.from(token)));
    this.tokens.forEach((bytes, id) => {
      if (bytes.length === 1) {
        this.#byteId[bytes[0]!] = id;
      } else {
        // The merges learned before this token turn its bytes into the pair that became it.
        const [left, right, ...rest] = this.#encodeBytes(bytes);
        if (right === undefined || rest.length > 0) throw new TsgptError(BROKEN_VOCABULARY);
        this.merges.add(left!, right, id);
      }
    });
    this.tokens.push(utf8.encode(END_OF_TEXT));
  }

  encodeWord(word: string): readonly number[] {
    if (word.length > LONGEST_KNOWN) return this.#encodeBytes(new TextEncoder().encode(word));
    let ids = this.#known.get(word);
    if (ids === undefined) {
      ids = this.#encodeBytes(new TextEncoder().encode(word));
      if (this.#known.size >= MOST_KNOWN) this.#known.clear();
      this.#known.set(word, ids);
    }
    return ids;
  }

  #encodeBytes(bytes: Uint8Array): number[] {
    return this.merges.encode(Array.from(bytes, (byte) => this.#byteId[byte]!));
  }
}

// The ids of words met before. Only short words are kept: a longer piece of a string may be a view that keeps the whole string alive (in V8 from
// 13 characters on).
const LONGEST_KNOWN = 12;
const MOST_KNOWN = 2 ** 16;

const BROKEN_VOCABULARY =
  "the vocabulary in the package gpt-tokenizer is not GPT-2's; install the version in package.json";

let shared: BytePairs | undefined;

/** Made at the first use, because it takes a moment. */
function bytePairs(): BytePairs {
  shared ??= new BytePairs();
  return shared;
}
