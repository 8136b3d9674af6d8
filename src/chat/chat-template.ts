import { Template } from '@huggingface/jinja';
import { TsgptError } from '../errors.ts';
import type { Tokenizer } from '../tokenizer/index.ts';

/** One turn of a conversation. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/**
 * For a model that comes without a template: each turn on a line of its own, after the name of who speaks. Small models trained on
 * conversations often know this form.
 */
export const plainTemplate = `{% for message in messages %}{% if message.role == 'user' %}User: {% elif message.role == 'assistant' %}Bot: {% endif %}{{ message.content }}
{% endfor %}{% if add_generation_prompt %}Bot:{% endif %}`;

/** Turns a conversation into the text a model was trained to go on from, by the Jinja template it was published with. */
export class ChatTemplate {
  readonly source: string;
  readonly #template: Template;

  /** Throws a TsgptError if `source` is no Jinja template. */
  constructor(source: string) {
    this.source = source;
    try {
      this.#template = new Template(source);
    } catch (cause) {
      throw new TsgptError(`the chat template cannot be read: ${messageOf(cause)}`, { cause });
    }
  }

  /** The text of a conversation, up to where the assistant's next turn begins. */
  render(messages: readonly ChatMessage[], { bosToken = '', eosToken = '' } = {}): string {
    const variables = { messages, add_generation_prompt: true, bos_token: bosToken, eos_token: eosToken };
    try {
      return this.#template.render(variables as Parameters<Template['render']>[0]);
    } catch (cause) {
      throw new TsgptError(`the chat template does not accept this conversation: ${messageOf(cause)}`, { cause });
    }
  }

  /**
   * The tokens of {@link render}. Special tokens are those that the template writes; where a message spells one out, it is ordinary
   * text, so that nobody can end a turn or speak for another by what they type.
   */
  encode(messages: readonly ChatMessage[], tokenizer: Tokenizer): number[] {
    const { specialTokens = [], bosToken, eosToken } = tokenizer;
    const spelled: string[] = [];
    // Each special token in a message becomes a character for private use until the template has been filled in.
    const hidden = messages.map(({ role, content }) => ({ role, content: hide(content, specialTokens, spelled) }));
    const text = this.render(hidden, { bosToken, eosToken });
    const parts = text.split(/([\uE000-\uF8FF])/u);
    const ids = parts.flatMap((part, i) => {
      const isHidden = i % 2 === 1;
      const original = isHidden ? (spelled[part.charCodeAt(0) - firstPrivate] ?? part) : part;
      return original === '' ? [] : tokenizer.encode(original, { allowSpecial: !isHidden });
    });
    // Many templates write the token that a text begins with themselves.
    const { beginOfTextIds = [] } = tokenizer;
    const isThere = beginOfTextIds.every((id, i) => ids[i] === id);
    return isThere ? ids : [...beginOfTextIds, ...ids];
  }
}

const firstPrivate = 0xe000;

function hide(content: string, specialTokens: readonly string[], spelled: string[]): string {
  let hidden = content;
  for (const token of specialTokens.filter((token) => token !== '' && content.includes(token))) {
    if (!spelled.includes(token)) spelled.push(token);
    hidden = hidden.replaceAll(token, String.fromCharCode(firstPrivate + spelled.indexOf(token)));
  }
  return hidden;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
