import { describe, expect, it } from 'vitest';
import { Conversation, plainTemplate } from '../../../src/chat/index.ts';
import { Decoder, type GenerateOptions, generateTokens } from '../../../src/generate/index.ts';
import { GPT2, type GPT2Config } from '../../../src/models/index.ts';
import { Random } from '../../../src/random/random.ts';
import { CharTokenizer } from '../../../src/tokenizer/index.ts';

const tokenizer = new CharTokenizer('\n :BUabcdeorst');
const config: GPT2Config = {
  vocabSize: tokenizer.vocabSize,
  contextLength: 120,
  embDim: 16,
  nHeads: 2,
  nLayers: 2,
  dropRate: 0,
  qkvBias: false,
  tiedHead: true,
};
const model = new GPT2(config, new Random(1));
for (const parameter of model.parameters()) {
  if (parameter.shape.length === 2) parameter.value = parameter.value.map((x) => 10 * x);
}

async function say(conversation: Conversation, content: string, options: GenerateOptions = {}): Promise<string> {
  let reply = '';
  const choices = { temperature: 1, seed: 3, maxTokens: 12, ...options };
  for await (const piece of conversation.reply(content, choices)) reply += piece;
  return reply;
}

/** What the model writes after a text, starting with an empty cache. */
async function writtenAfter(text: string, maxTokens = 12): Promise<string> {
  const ids: number[] = [];
  for await (const { id } of generateTokens(model, tokenizer.encode(text), { temperature: 1, seed: 3, maxTokens }))
    ids.push(id);
  return tokenizer.decode(ids);
}

describe('a conversation', () => {
  it('goes on from all that was said, as if it were read anew each time', async () => {
    const conversation = new Conversation(model, tokenizer);
    const first = await say(conversation, 'abc');
    expect(first).toBe((await writtenAfter('User: abc\nBot:')).trimStart().split(/\n(?:User|Bot):/)[0]);
    const second = await say(conversation, 'de');
    const history = `User: abc\nBot: ${first.trimEnd()}\nUser: de\nBot:`;
    expect(second).toBe((await writtenAfter(history)).trimStart().split(/\n(?:User|Bot):/)[0]);
    expect(conversation.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
    conversation.reset();
    expect(await say(conversation, 'abc')).toBe(first);
  });

  it('keeps what was written when a reply is stopped, and goes on from there', async () => {
    const conversation = new Conversation(model, tokenizer, { system: 'sat' });
    const controller = new AbortController();
    let part = '';
    for await (const piece of conversation.reply('abc', { temperature: 1, seed: 3, signal: controller.signal })) {
      part += piece;
      if (part.length >= 4) controller.abort();
    }
    expect(conversation.messages.at(-1)).toEqual({ role: 'assistant', content: part.trimEnd() });
    const next = await say(conversation, 'de');
    const history = `sat\nUser: abc\nBot: ${part.trimEnd()}\nUser: de\nBot:`;
    expect(next).toBe((await writtenAfter(history)).trimStart().split(/\n(?:User|Bot):/)[0]);
    conversation.reset();
    expect(conversation.messages).toEqual([{ role: 'system', content: 'sat' }]);
  });

  it('forgets its oldest turns when it outgrows the context', async () => {
    await using decoder = new Decoder(model);
    const conversation = new Conversation(decoder, tokenizer, { template: plainTemplate });
    for (let turn = 0; turn < 12; turn++)
      expect((await say(conversation, 'tots dote roast')).length).toBeGreaterThan(0);
    expect(conversation.messages).toHaveLength(24);
    await expect(say(conversation, 'a'.repeat(120))).rejects.toThrow('the message is too long for this model');
    expect(conversation.messages).toHaveLength(24);
  });

  it('takes another system message, or none', async () => {
    const conversation = new Conversation(model, tokenizer, { system: 'sat' });
    await say(conversation, 'abc');
    conversation.setSystem('dote');
    expect(conversation.messages.map(({ role, content }) => [role, content]).slice(0, 2)).toEqual([
      ['system', 'dote'],
      ['user', 'abc'],
    ]);
    const { content: first } = conversation.messages[2]!;
    const reply = await say(conversation, 'de');
    expect(reply).toBe(
      (await writtenAfter(`dote\nUser: abc\nBot: ${first}\nUser: de\nBot:`)).trimStart().split(/\n(?:User|Bot):/)[0],
    );
    conversation.setSystem(undefined);
    expect(conversation.messages[0]!.role).toBe('user');
    expect(conversation.messages).toHaveLength(4);
  });

  it('does not keep what could not be answered', async () => {
    const template = `{% for message in messages %}{% if message.content == 'bad' %}{{ raise_exception('no') }}{% endif %}{{ message.content }} {% endfor %}`;
    const conversation = new Conversation(model, tokenizer, { template });
    const alone = await say(new Conversation(model, tokenizer, { template }), 'tots');
    await expect(say(conversation, 'Ünknown')).rejects.toThrow('Ü');
    await expect(say(conversation, 'bad')).rejects.toThrow('does not accept this conversation: line 1: no');
    await expect(say(conversation, 'tots', { topK: 0 })).rejects.toThrow('topK must be');
    expect(conversation.messages).toEqual([]);
    expect(await say(conversation, 'tots')).toBe(alone);
  });

  it('sees no more than it is told to, in no more memory', async () => {
    await using decoder = new Decoder(model);
    const short = new Conversation(decoder, tokenizer, { template: plainTemplate, contextLength: 40 });
    await expect(say(short, 'a'.repeat(40))).rejects.toThrow('which sees at most 40 tokens here');
    for (let turn = 0; turn < 4; turn++) expect((await say(short, 'tots')).length).toBeGreaterThan(0);
    const options = { template: plainTemplate, contextLength: 121 };
    expect(() => new Conversation(decoder, tokenizer, options)).toThrow('the model sees at most 120 tokens');
  });
});
