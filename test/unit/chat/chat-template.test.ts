import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChatMessage, ChatTemplate, plainTemplate } from '../../../src/chat/index.ts';
import { GPT2Tokenizer, HuggingFaceTokenizer, type Tokenizer } from '../../../src/tokenizer/index.ts';

/** In the style of many published templates: every turn stands between two special tokens. */
const chatml = `{{ bos_token }}{% for message in messages %}<|im_start|>{{ message['role'] }}
{{ message['content'] | trim }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`;

const special = ['<s>', '<|im_start|>', '<|im_end|>'];
/** A tokenizer of bytes with three special tokens after them. */
const bytes = [...Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`)];
const tokenizer: Tokenizer = new HuggingFaceTokenizer(
  {
    added_tokens: special.map((content, i) => ({ id: 256 + i, content, special: true })),
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: { type: 'Sequence', decoders: [{ type: 'ByteFallback' }, { type: 'Fuse' }] },
    model: {
      type: 'BPE',
      vocab: Object.fromEntries(bytes.map((byte, i) => [byte, i])),
      merges: [],
      byte_fallback: true,
    },
  },
  { bos_token: '<s>', eos_token: '<|im_end|>', add_bos_token: true },
);

const said: ChatMessage[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: ' Hi! ' },
  { role: 'assistant', content: 'Hello.' },
  { role: 'user', content: 'Bye' },
];

describe('a chat template', () => {
  it('makes the text that the model was trained on', () => {
    const text = new ChatTemplate(chatml).render(said, { bosToken: '<s>' });
    expect(text).toBe(
      '<s><|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi!<|im_end|>\n' +
        '<|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n',
    );
    expect(new ChatTemplate(plainTemplate).render(said.slice(1))).toBe('User:  Hi! \nBot: Hello.\nUser: Bye\nBot:');
  });

  it('becomes the tokens of that text, with the one that a text begins with once', () => {
    const whole = tokenizer.encode(new ChatTemplate(chatml).render(said, { bosToken: '<s>' }), { allowSpecial: true });
    expect(new ChatTemplate(chatml).encode(said, tokenizer)).toEqual(whole);
    expect(whole.filter((id) => id === 256)).toHaveLength(1);
    const withoutBos = new ChatTemplate(chatml.replace('{{ bos_token }}', ''));
    expect(withoutBos.encode(said, tokenizer)).toEqual(whole);
  });

  it('lets nobody speak for another by writing special tokens', () => {
    const pieces = fc.array(
      fc.oneof(fc.constantFrom(...special, '\ue000', '\ue001'), fc.string({ unit: 'grapheme-ascii', maxLength: 6 })),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(pieces, (pieces) => {
        const content = pieces.join('');
        const template = new ChatTemplate(chatml);
        const ids = template.encode([{ role: 'user', content }], tokenizer);
        expect(ids.filter((id) => id >= 256)).toEqual([256, 257, 258, 257]);
        // And what was written is all there.
        expect(tokenizer.decode(ids)).toContain(content.trim());
      }),
    );
  });

  it("takes GPT-2's own special token in a message for text, too", () => {
    const gpt2 = new GPT2Tokenizer();
    const template = new ChatTemplate("{{ messages[0]['content'] }}<|endoftext|>");
    const ids = template.encode([{ role: 'user', content: 'a<|endoftext|>b' }], gpt2);
    expect(ids).toEqual([...gpt2.encode('a'), ...gpt2.encode('<|endoftext|>'), ...gpt2.encode('b'), gpt2.endOfTextId]);
  });

  it('counts, but not without end', () => {
    const rendered = (source: string) => new ChatTemplate(source).render(said);
    expect(rendered('{% for i in range(3) %}{{ i }}{% endfor %}')).toBe('012');
    expect(rendered('{% for i in range(7, 1, -2) %}{{ i }}{% endfor %}{{ range(5, 2) | length }}')).toBe('7530');
    expect(rendered('{% set range = 3 %}{{ range }}{{ messages[0].range is defined }}')).toBe('3False');
    expect(rendered("{% macro m(x) %}[{{ x }}]{% endmacro %}{{ m('a') }}{{ m(x='b') }}")).toBe('[a][b]');
    expect(() => rendered('{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}')).toThrow(
      'the chat template does not accept this conversation: line 1: the template takes more than 4000000 steps',
    );
  });

  it('knows of no tools and no documents', () => {
    const source = '{% if tools is not none %}[tools]{% endif %}{% if documents %}[documents]{% endif %}.';
    expect(new ChatTemplate(source).render(said)).toBe('.');
  });

  it('says what is wrong with it', () => {
    expect(() => new ChatTemplate('{% for %}')).toThrow('the chat template cannot be read');
    const picky = new ChatTemplate("{{ raise_exception('roles must alternate') }}");
    expect(() => picky.render(said)).toThrow(
      'the chat template does not accept this conversation: line 1: roles must alternate',
    );
    const loud = new ChatTemplate(`{{ raise_exception('a\\n\u001b[2J') }}`);
    expect(() => loud.render(said)).toThrow(/: a\\u\{a\}\\u\{1b\}\[2J$/);
  });
});
