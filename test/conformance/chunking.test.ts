import { describe, expect, it } from 'vitest';
import { Decoder, generateBatch, generateTokens, promptIds } from '../../src/generate/index.ts';
import { argmax } from '../../src/generate/sampling.ts';
import { tensor } from '../../src/tensor/index.ts';
import { loadModel } from '../support/load-model.ts';
import { hasShared, shared } from '../support/shared.ts';

const count = 12;

async function idsOf(tokens: AsyncIterable<{ id: number }>): Promise<number[]> {
  const ids: number[] = [];
  for await (const { id } of tokens) ids.push(id);
  return ids;
}

describe.skipIf(!hasShared).each([
  ['tinystories-656k-llama', 'Once upon a time, there was a little girl'],
  ['tinystories-chat-3m-as-gpt2', 'User: Hello! How are you?\nBot:'],
])('%s writes the same tokens', (name, text) => {
  const load = async () => {
    const { model, tokenizer } = await loadModel(shared('models', name));
    return { model, prompt: promptIds(tokenizer!, text) };
  };
  const greedy = { maxTokens: count, temperature: 0 };

  it('without a cache, and with a prompt read in pieces of any size', async () => {
    const { model, prompt } = await load();
    // A whole pass over everything for each token.
    const ids = [...prompt];
    for (let i = 0; i < count; i++) {
      const features = model.features(tensor([ids], { dtype: 'int32' }));
      const logits = await model.unembed(features.slice(null, [ids.length - 1])).floats();
      ids.push(argmax(logits));
    }
    const expected = ids.slice(prompt.length);
    for (let chunkSize = 1; chunkSize <= prompt.length; chunkSize++) {
      await using decoder = new Decoder(model, { chunkSize });
      expect(await idsOf(generateTokens(decoder, prompt, greedy))).toEqual(expected);
    }
  });

  it('with a prompt cut anywhere, and beside texts of other lengths', async () => {
    const { model, prompt } = await load();
    await using decoder = new Decoder(model);
    const expected = await idsOf(generateTokens(decoder, prompt, greedy));
    for (let first = 1; first < prompt.length - 1; first++) {
      for (let second = first + 1; second < prompt.length; second++) {
        const cache = decoder.createCache({ capacity: prompt.length + count });
        await decoder.append(cache, [prompt.slice(0, first)]);
        await decoder.append(cache, [prompt.slice(first, second)]);
        expect(await idsOf(generateTokens(decoder, prompt, { ...greedy, cache }))).toEqual(expected);
      }
    }
    const prompts = [prompt.slice(0, 3), prompt, prompt.slice(2), prompt.slice(0, -1)];
    const beside: number[][] = prompts.map(() => []);
    for await (const step of generateBatch(decoder, prompts, greedy)) {
      for (const [text, token] of step.entries()) beside[text]!.push(token!.id);
    }
    for (const [text, ids] of prompts.entries()) {
      expect(beside[text]).toEqual(await idsOf(generateTokens(decoder, ids, greedy)));
    }
    expect(beside[1]).toEqual(expected);
  });
});
