import { ensure, TsgptError } from '../core/errors.ts';
import { ensureKind, ensureList } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import { printable } from '../core/printable.ts';
import type { Tokenizer } from '../tokenizer/index.ts';
import { JinjaTemplate } from './jinja/index.ts';

/** One turn of a conversation. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/**
 * The template for models published without one: each turn on its own line, after the speaker's name. Small models trained on conversations
 * often know this form.
 */
export const plainTemplate = `{% for message in messages %}{% if message.role == 'user' %}User: {% elif message.role == 'assistant' %}Bot: {% endif %}{{ message.content }}
{% endfor %}{% if add_generation_prompt %}Bot:{% endif %}`;

/** The texts of the tokens that begin and end a text. Both default to none. */
export interface RenderOptions {
  bosToken?: string;
  eosToken?: string;
}

const renderOptions: OptionNames<RenderOptions> = { bosToken: true, eosToken: true };

/** Turns a conversation into the text that a model was trained to continue, by the model's Jinja template. */
export class ChatTemplate {
  readonly source: string;
  readonly #template: JinjaTemplate;

  /** Throws a TsgptError if `source` is not a Jinja template. */
  constructor(source: string) {
    this.source = source;
    try {
      this.#template = new JinjaTemplate(source);
    } catch (cause) {
      throw new TsgptError(`the chat template cannot be read: ${messageOf(cause)}`, { cause });
    }
  }

  /** The text of a conversation, up to the beginning of the assistant's next turn. */
  render(messages: readonly ChatMessage[], options: RenderOptions = {}): string {
    const { bosToken = '', eosToken = '' } = knownOptions('render', options, renderOptions);
    const variables = {
      messages,
      add_generation_prompt: true,
      bos_token: bosToken,
      eos_token: eosToken,
      // Hugging Face's library passes null if there are no tools.
      tools: null,
      documents: null,
    };
    try {
      return this.#template.render(variables);
    } catch (cause) {
      throw new TsgptError(`the chat template does not accept this conversation: ${messageOf(cause)}`, { cause });
    }
  }

  /**
   * The tokens of {@link render}. Only the template can write special tokens. One spelled out in a message is ordinary text, so nobody can end
   * a turn or speak for another by typing it.
   */
  encode(messages: readonly ChatMessage[], tokenizer: Tokenizer): number[] {
    ensureList('encode', 'the messages', messages, 'role', 'content');
    ensureKind('encode', 'a tokenizer', tokenizer, 'encode');
    const { specialTokens = [], bosToken, eosToken } = tokenizer;
    // Until the template is filled in, an otherwise unused character replaces each special token typed in a message.
    const typed = messages.map(({ content }) => content).join('\n');
    const standIns = new Map<string, string>();
    for (const token of specialTokens.filter((token) => token !== '' && typed.includes(token))) {
      standIns.set(token, unusedCharacter(this.source + typed, standIns.size));
    }
    const hidden = messages.map(({ role, content }) => ({ role, content: replaceAll(content, standIns) }));
    const text = this.render(hidden, { bosToken, eosToken });
    const tokenOf = new Map([...standIns].map(([token, standIn]) => [standIn, token]));
    const parts = standIns.size === 0 ? [text] : text.split(new RegExp(`([${[...tokenOf.keys()].join('')}])`));
    const ids = parts.flatMap((part) => {
      const spelled = tokenOf.get(part);
      if (part === '') return [];
      return tokenizer.encode(spelled ?? part, { allowSpecial: spelled === undefined });
    });
    // Many templates write the begin-of-text token themselves.
    const { beginOfTextIds = [] } = tokenizer;
    const isThere = beginOfTextIds.every((id, i) => ids[i] === id);
    return isThere ? ids : [...beginOfTextIds, ...ids];
  }
}

/** Number `number` of the private-use characters that do not occur in `text`. */
function unusedCharacter(text: string, number: number): string {
  const unused = privateCharacters.filter((character) => !text.includes(character));
  const character = unused[number];
  ensure(
    character,
    'the conversation contains every private-use character, so special tokens cannot be marked; remove some of them',
  );
  return character;
}

const privateCharacters = Array.from({ length: 0xf900 - 0xe000 }, (_, i) => String.fromCharCode(0xe000 + i));

function replaceAll(text: string, replacements: ReadonlyMap<string, string>): string {
  let replaced = text;
  for (const [from, to] of replacements) replaced = replaced.replaceAll(from, to);
  return replaced;
}

function messageOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error));
}
