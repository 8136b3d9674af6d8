import { TsgptError } from '../core/errors.ts';
import { ensureCount } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import { generateOptions } from '../generate/generate.ts';
import { Decoder, type GenerateOptions, generateTokens, type KVCache, StopFilter } from '../generate/index.ts';
import type { LanguageModel } from '../models/index.ts';
import type { Tokenizer } from '../tokenizer/index.ts';
import { type ChatMessage, ChatTemplate, plainTemplate } from './chat-template.ts';

export interface ConversationOptions {
  /** The model's Jinja template. Defaults to {@link plainTemplate}. */
  template?: string;
  /** The system message, before the first turn. Defaults to none. */
  system?: string;
  /**
   * The number of tokens of the conversation that the model sees; memory for their keys and values is allocated at once. Defaults to the
   * model's context length, at most 8192.
   */
  contextLength?: number;
}

const conversationOptions: OptionNames<ConversationOptions> = { template: true, system: true, contextLength: true };

/**
 * A conversation with a model. Earlier turns stay in the key-value cache, so each turn reads only new tokens. A conversation that outgrows its
 * context forgets its oldest turns.
 */
export class Conversation {
  readonly messages: ChatMessage[] = [];
  readonly #decoder: Decoder;
  readonly #tokenizer: Tokenizer;
  readonly #template: ChatTemplate;
  readonly #stop: readonly string[];
  readonly #cache: KVCache;
  /** The tokens in the cache. */
  #read: number[] = [];

  constructor(model: LanguageModel | Decoder, tokenizer: Tokenizer, options: ConversationOptions = {}) {
    const { template, system, contextLength } = knownOptions('Conversation', options, conversationOptions);
    this.#decoder = model instanceof Decoder ? model : new Decoder(model);
    this.#tokenizer = tokenizer;
    this.#template = new ChatTemplate(template ?? plainTemplate);
    // In the plain template, only the next speaker's name marks the end of a turn.
    this.#stop = template === undefined ? ['\nUser:', '\nBot:'] : [];
    this.#cache = this.#decoder.createCache({ capacity: contextLength });
    this.setSystem(system);
  }

  /** Sets the system message, before the first turn, or takes it away. The turns stay. */
  setSystem(content: string | undefined): void {
    const isThere = this.messages[0]?.role === 'system';
    this.messages.splice(0, isThere ? 1 : 0, ...(content === undefined ? [] : [{ role: 'system' as const, content }]));
  }

  /**
   * Sends a message and yields the reply, piece by piece. {@link messages} keeps what was written of it, even if the signal or leaving the loop
   * ends it early.
   */
  async *reply(content: string, options: GenerateOptions = {}): AsyncGenerator<string, void, undefined> {
    const said: ChatMessage = { role: 'user', content };
    const { stop = [], ...tokenOptions } = knownOptions('reply', options, generateOptions);
    const { maxTokens = 500, stopTokens = [] } = tokenOptions;
    ensureCount('maxTokens', maxTokens, 0);
    const ids = this.#fittingIds([...this.messages, said], maxTokens);
    const decoder = this.#tokenizer.streamDecoder();
    const filter = new StopFilter([...this.#stop, ...stop]);
    const ends = [this.#tokenizer.endOfTextId, ...stopTokens].filter((id) => id !== undefined);
    this.#forgetAllBut(commonLength(this.#read, ids.slice(0, -1)));
    const read = [...ids];
    let written = '';
    let hasFailed = false;
    const show = (piece: string) => {
      // The space after the speaker's name is not part of the message.
      const shown = written === '' ? piece.trimStart() : piece;
      written += shown;
      return shown;
    };
    try {
      const tokens = generateTokens(this.#decoder, ids, {
        ...tokenOptions,
        maxTokens,
        stopTokens: ends,
        keepFirst: this.#tokenizer.beginOfTextIds?.length,
        cache: this.#cache,
      });
      for await (const { id } of tokens) {
        read.push(id);
        const piece = show(filter.push(id < this.#tokenizer.vocabSize ? decoder.push(id) : ''));
        if (piece) yield piece;
        if (filter.stopped) return;
      }
      const rest = show(filter.push(decoder.end()) + filter.end());
      if (rest) yield rest;
    } catch (error) {
      hasFailed = read.length === ids.length;
      throw error;
    } finally {
      // The last token was written but not read, and a text that outgrew the context was read again from a later token.
      const isInOrder = this.#cache.lengths[0]! <= read.length && read.length <= this.#cache.capacity;
      this.#read = isInOrder ? read.slice(0, this.#cache.lengths[0]) : [];
      // A message that cannot be answered is not kept: every later turn would fail on it, too.
      if (!hasFailed) this.messages.push(said, { role: 'assistant', content: written.trimEnd() });
    }
  }

  /** Starts a new conversation with the same system message. */
  reset(): void {
    const isSystem = this.messages[0]?.role === 'system';
    this.messages.splice(isSystem ? 1 : 0);
  }

  /** The tokens of the conversation, without as many of its oldest turns as leave no room for a reply. */
  #fittingIds(messages: readonly ChatMessage[], maxTokens: number): number[] {
    const { capacity: contextLength } = this.#cache;
    const room = contextLength - Math.min(maxTokens, Math.floor(contextLength / 4));
    const [first] = messages;
    const system = first?.role === 'system' ? [first] : [];
    for (let from = system.length; from < messages.length; from++) {
      if (messages[from]!.role !== 'user') continue;
      const ids = this.#template.encode([...system, ...messages.slice(from)], this.#tokenizer);
      if (ids.length <= room) return ids;
    }
    throw new TsgptError(
      `the message is too long for this model, which sees at most ${contextLength} tokens here; say it in fewer words`,
    );
  }

  #forgetAllBut(count: number): void {
    this.#cache.truncate(0, count);
    this.#read.length = count;
  }
}

/** The length of the longest common prefix of two lists. */
function commonLength(a: readonly number[], b: readonly number[]): number {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a[length] === b[length]) length++;
  return length;
}
