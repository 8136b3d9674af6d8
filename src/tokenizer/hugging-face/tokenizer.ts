import { ensure } from '../../core/errors.ts';
import { ensureString } from '../../core/kind.ts';
import { knownOptions } from '../../core/options.ts';
import { decodeTokenStream, decodeTokens, withoutSpaces } from '../decode.ts';
import {
  type EncodeOptions,
  encodeOptionNames,
  ensureTokenId,
  type StreamDecoder,
  type StreamDecoderOptions,
  type Tokenizer,
  type TokenizerJSON,
} from '../tokenizer.ts';
import { type AddedToken, addedTokenSplitter } from './added-tokens.ts';
import { BPEModel } from './bpe-model.ts';
import { createDecoder, TokenBytes } from './decoder.ts';
import { createNormalizer } from './normalizer.ts';
import { beginOfTextIds } from './post-processor.ts';
import { createPreTokenizer } from './pre-tokenizer.ts';
import {
  allAddedTokens,
  compactTokenizerFile,
  DEFAULT_END_OF_TEXT,
  parseTokenizerConfig,
  parseTokenizerFile,
  type TokenizerFile,
} from './tokenizer-file.ts';

/**
 * The tokenizer of a published model, from the `tokenizer.json` and `tokenizer_config.json` beside its weights on the
 * Hugging Face Hub. Byte-pair encoding is supported, over bytes (GPT-2, Llama 3, Qwen) and over characters, as converted
 * from SentencePiece (Llama 2, Mistral, Gemma).
 *
 * The ids are those of Hugging Face's own implementation, except that special tokens are matched anywhere in a text, and only if the caller allows
 * them. As there and in llama.cpp, a tokenizer from SentencePiece puts its space before every piece of ordinary text, also after a special token.
 * {@link decode} gives the text back, except for what the published tokenizer loses: changes by its normaliser, and characters that become the unknown
 * token.
 */
export class HuggingFaceTokenizer implements Tokenizer {
  readonly kind = 'hugging-face';
  readonly vocabSize: number;
  readonly leastModelSize: number;
  readonly endOfTextId?: number;
  readonly beginOfTextIds: readonly number[];
  readonly specialTokens: readonly string[];
  readonly bosToken?: string;
  readonly eosToken?: string;
  readonly #json: unknown;
  readonly #config: unknown;
  readonly #tokens: TokenBytes;
  readonly #leadingSpaces: number;
  readonly #encode: (text: string, allowSpecial: boolean) => number[];

  /**
   * @param json the parsed content of `tokenizer.json`
   * @param config the parsed content of `tokenizer_config.json`; without it, a text ends with `<|endoftext|>` if there is one
   * @throws TsgptError if they are damaged or ask for something that is not supported
   */
  constructor(json: unknown, config: unknown = {}) {
    this.#json = json;
    this.#config = config;
    const file = parseTokenizerFile(json);
    const settings = parseTokenizerConfig(config);
    const added = allAddedTokens(file, settings);
    const decoder = createDecoder(file.decoder);
    this.#encode = createEncoder(file, added);
    this.#leadingSpaces = decoder.leadingSpaces;

    this.#tokens = new TokenBytes(file.model.vocab, file.normalizer, added, decoder);
    this.vocabSize = this.#tokens.size;
    const addedContents = new Set(added.map(({ content }) => content));
    let largest = -1;
    for (const [token, id] of file.model.vocab) if (id > largest && !addedContents.has(token)) largest = id;
    this.leastModelSize = largest + 1;

    const idOf = (token: string | undefined) => added.find(({ content }) => content === token)?.id;
    this.specialTokens = added.filter(({ special }) => special).map(({ content }) => content);
    this.bosToken = settings.bos_token;
    this.eosToken = settings.eos_token;
    this.endOfTextId = idOf(settings.eos_token ?? DEFAULT_END_OF_TEXT);
    this.beginOfTextIds = beginOfTextIds(file.post_processor, settings.add_bos_token, idOf(settings.bos_token));
    const outside = this.beginOfTextIds.find((id) => !this.#tokens.has(id));
    ensure(
      outside === undefined,
      `this tokenizer cannot be used: it puts token id ${outside} before every text, but its vocabulary does not have it`,
    );
  }

  /**
   * The ids of `text` alone, without {@link beginOfTextIds}. Throws a TsgptError for a character that the vocabulary
   * cannot express.
   */
  encode(text: string, options: EncodeOptions = {}): number[] {
    ensureString('encode', 'the text', text);
    const { allowSpecial = false } = knownOptions('encode', options, encodeOptionNames);
    return this.#encode(text.replace(/\p{Surrogate}/gu, '\ufffd'), allowSpecial);
  }

  /** The text of `ids`, without the space that tokenizers converted from SentencePiece put before every text. */
  decode(ids: Iterable<number>): string {
    return withoutSpaces(decodeTokens(this, ids), this.#leadingSpaces);
  }

  tokenBytes(id: number): Uint8Array {
    ensureTokenId(id, this.vocabSize);
    return this.#tokens.get(id) ?? new Uint8Array();
  }

  streamDecoder(options: StreamDecoderOptions = {}): StreamDecoder {
    const { isBeginning = false } = knownOptions('streamDecoder', options, { isBeginning: true });
    return decodeTokenStream(this, isBeginning ? this.#leadingSpaces : 0);
  }

  toJSON(): TokenizerJSON {
    const config = JSON.stringify(this.#config);
    return { kind: this.kind, tokenizerJson: compactTokenizerFile(this.#json), tokenizerConfig: config };
  }
}

/**
 * Text to ids, in the steps of Hugging Face's own pipeline. With GPT-2's:
 *
 *     "Hello world<|endoftext|>"
 *       added tokens     "Hello world", 50256       only if special tokens are allowed
 *       normaliser       "Hello world"              GPT-2's changes nothing
 *       pre-tokenizer    "Hello", "Ġworld"          words; each byte is written as a character
 *       model            15496, 995                 byte-pair encoding of each word
 *
 * Some added tokens are looked for only in the normalised text.
 */
function createEncoder(
  file: TokenizerFile,
  added: readonly AddedToken[],
): (text: string, allowSpecial: boolean) => number[] {
  const normalize = createNormalizer(file.normalizer);
  const preTokenize = createPreTokenizer(file.pre_tokenizer);
  const model = new BPEModel(file.model);

  // Special tokens are always matched in the original text: the normalised text begins with `▁`, which would hide those in the middle.
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
