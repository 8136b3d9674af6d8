import { Template } from '@huggingface/jinja';
import { ensure, TsgptError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import type { Tokenizer } from '../tokenizer/index.ts';
import { addLimits, limits } from './limited-template.ts';

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
      addLimits(this.#template.parsed);
    } catch (cause) {
      throw new TsgptError(`the chat template cannot be read: ${messageOf(cause)}`, { cause });
    }
  }

  /** The text of a conversation, up to where the assistant's next turn begins. */
  render(messages: readonly ChatMessage[], { bosToken = '', eosToken = '' } = {}): string {
    const variables = {
      messages,
      add_generation_prompt: true,
      bos_token: bosToken,
      eos_token: eosToken,
      // As Hugging Face's library does for a conversation without them.
      tools: null,
      documents: null,
      ...limits(),
    };
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
    // Each special token in a message becomes a character that is nowhere else until the template has been filled in.
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
    // Many templates write the token that a text begins with themselves.
    const { beginOfTextIds = [] } = tokenizer;
    const isThere = beginOfTextIds.every((id, i) => ids[i] === id);
    return isThere ? ids : [...beginOfTextIds, ...ids];
  }
}

/** The one with that number among the characters for private use that `text` does not have. */
function unusedCharacter(text: string, number: number): string {
  const unused = privateCharacters.filter((character) => !text.includes(character));
  const character = unused[number];
  ensure(character, 'the conversation is of too many odd characters to tell special tokens from what was typed');
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
