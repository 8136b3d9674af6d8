import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeGguf } from '../../src/disk/gguf.ts';
import { saveGguf } from '../../src/disk/pretrained.ts';
import { Decoder, generateTokens, promptIds } from '../../src/generate/index.ts';
import type { LanguageModel, LlamaConfig } from '../../src/models/index.ts';
import { layOut } from '../../src/models/lay-out.ts';
import { llamaGguf } from '../../src/models/llama/gguf.ts';
import { Random } from '../../src/random/random.ts';
import { CharTokenizer, GPT2Tokenizer, HuggingFaceTokenizer, type Tokenizer } from '../../src/tokenizer/index.ts';
import { sentencePieceMetadata, tokenizerOf } from '../support/gguf-vocabulary.ts';
import { loadModel } from '../support/load-model.ts';
import { bytesFile, charactersFile } from '../support/published-forms.ts';
import { hasShared, shared } from '../support/shared.ts';
import { tinyGPT2, tinyLlama } from '../support/tiny-models.ts';
import { continueGreedily, hasLlamaCpp, openWithLlamaCpp } from './llama-cpp.ts';

const folder = mkdtempSync(join(tmpdir(), 'tsgpt-interop-'));
afterAll(() => rmSync(folder, { recursive: true }));
const inFolder = (name: string) => join(folder, `${name}.gguf`);

async function ourTokens(decoder: Decoder, prompt: readonly number[], count: number): Promise<number[]> {
  const ids: number[] = [];
  for await (const { id } of generateTokens(decoder, prompt, { temperature: 0, maxTokens: count })) ids.push(id);
  return ids;
}

/** Prompts that end in the middle of a sentence or word. */
const prompts: Record<string, readonly string[]> = {
  'tinystories-656k-llama': [
    'Once upon a time, there was a little girl named Lily.',
    'Tom and his dog went to the park',
    'The big red ball',
    '"I am sorry," said',
    'One day, Mom',
    'It was raining and the cat',
    'Max saw a bird.\nHe wanted to',
    'They played all day',
    'Sara did not like',
    'The end of the story is',
  ],
  'tinystories-chat-3m-as-gpt2': [
    'User: Hello! How are you?\nBot:',
    'User: What did you do today?\nBot:',
    'User: I lost my job.\nBot:',
    'User: Tell me a story about a fox.\nBot:',
    'Once upon a time',
    'The queen looked at the',
    'User: My sister is getting married!\nBot:',
    'It was 7 in the morning',
    'User: do u like   pizza???\nBot:',
    'She could not believe',
  ],
};

describe.skipIf(!hasLlamaCpp || !hasShared).each(Object.keys(prompts))('llama.cpp runs %s, written as GGUF', (name) => {
  it('with our tokens and continues ten prompts as we do', async () => {
    const pretrained = await loadModel(shared('models', name));
    const { model, tokenizer } = pretrained;
    await saveGguf(inFolder(name), pretrained);
    const theirs = await openWithLlamaCpp(inFolder(name));
    await using decoder = new Decoder(model);
    for (const prompt of prompts[name]!) {
      expect(theirs.tokenize(prompt)).toEqual(tokenizer!.encode(prompt));
      const ids = promptIds(tokenizer!, prompt);
      expect(await continueGreedily(theirs, ids, 64)).toEqual(await ourTokens(decoder, ids, 64));
    }
    await theirs.dispose();
  });

  it('and reads special tokens in a text as we do', async () => {
    const { tokenizer } = await loadModel(inFolder(name));
    const theirs = await openWithLlamaCpp(inFolder(name));
    expect(tokenizer!.specialTokens!.length).toBeGreaterThan(0);
    for (const special of tokenizer!.specialTokens!) {
      // A tokenizer from SentencePiece puts a space before every piece of ordinary text, also after a special token.
      for (const text of [
        special,
        `${special}Tom`,
        `Tom${special}Sara`,
        `${special}${special}Tom`,
        `${special} Tom`,
        `Tom ${special}`,
      ]) {
        expect(theirs.tokenize(text, true)).toEqual(tokenizer!.encode(text, { allowSpecial: true }));
      }
    }
    await theirs.dispose();
  });

  it('and cuts stories into the same tokens', async () => {
    const { tokenizer } = await loadModel(inFolder(name));
    const theirs = await openWithLlamaCpp(inFolder(name));
    const stories = readFileSync(shared('data', 'tinystories-2MiB.txt'), 'utf8').slice(0, 200_000);
    // The Llama's vocabulary has no token for other characters, and llama.cpp throws where ours says so with <unk>.
    const lines = stories.split(/(?<=\n)/).filter((line) => line.trim() !== '' && isKnown(tokenizer!, line));
    expect(lines.length).toBeGreaterThan(500);
    for (const line of lines) expect(theirs.tokenize(line)).toEqual(tokenizer!.encode(line));
    await theirs.dispose();
  });

  it('in half precision, too', async () => {
    await saveGguf(inFolder('F16'), await loadModel(shared('models', name)), { type: 'F16' });
    const theirs = await openWithLlamaCpp(inFolder('F16'));
    const { model, tokenizer } = await loadModel(inFolder('F16')); // with the rounded weights
    await using decoder = new Decoder(model);
    for (const prompt of prompts[name]!) {
      const ids = promptIds(tokenizer!, prompt);
      expect(await continueGreedily(theirs, ids, 64)).toEqual(await ourTokens(decoder, ids, 64));
    }
    await theirs.dispose();
  });

  // llama.cpp rounds what a layer is given as well, so now and then it prefers another token, which must be about as likely.
  it.each(['Q8_0', 'Q4_0'] as const)('in %s, choosing our tokens or ones that are as good as ours', async (type) => {
    await saveGguf(inFolder(type), await loadModel(shared('models', name)), { type });
    const theirs = await openWithLlamaCpp(inFolder(type));
    const { model, tokenizer } = await loadModel(inFolder(type)); // with the rounded weights
    await using decoder = new Decoder(model);
    const lags: number[] = []; // how far the logit of its choice is below that of ours
    for (const prompt of prompts[name]!) {
      const ids = promptIds(tokenizer!, prompt);
      const chosen = await continueGreedily(theirs, ids, 64);
      const logits = await decoder.score(decoder.createCache(), 0, [...ids, ...chosen].slice(0, -1));
      lags.push(...chosen.map((id, i) => lag(logits[ids.length - 1 + i]!, id)));
    }
    await theirs.dispose();
    console.log(
      `${name} in ${type}: ${lags.filter((l) => l > 0).length} of ${lags.length} differ, at most by ${Math.max(...lags)}`,
    );
    expect(lags.length).toBeGreaterThan(300);
    expect(lags.filter((lag) => lag > 0).length).toBeLessThan(0.03 * lags.length);
    expect(Math.max(...lags)).toBeLessThan(0.2);
  });
});

const lag = (logits: Float32Array, id: number) => logits.reduce((a, b) => Math.max(a, b)) - logits[id]!;

const isKnown = (tokenizer: Tokenizer, text: string) => {
  const unknown = tokenizer.encode('\u{1f40d}').find((id) => tokenizer.tokenBytes(id).length > 4);
  return unknown === undefined || !tokenizer.encode(text).includes(unknown);
};

const text = "It's 1234 o'clock — «déjà vu»,\n\n  said\tTHE 東京 fox.  She'll   go 56789! 🦊\r\n";

describe.skipIf(!hasLlamaCpp)('llama.cpp', () => {
  /** Expects both to cut a text into the same tokens and to continue some tokens in the same way. */
  async function expectSame(model: LanguageModel, tokenizer: Tokenizer, texts: readonly string[]): Promise<void> {
    await saveGguf(inFolder('tiny'), { model, tokenizer });
    const theirs = await openWithLlamaCpp(inFolder('tiny'));
    for (const text of texts) expect(theirs.tokenize(text)).toEqual(tokenizer.encode(text));
    await using decoder = new Decoder(model);
    const ids = [5, 3, 60, 3, 17];
    expect(await continueGreedily(theirs, ids, 48)).toEqual(await ourTokens(decoder, ids, 48));
    await theirs.dispose();
  }

  const bytes = new HuggingFaceTokenizer(bytesFile());
  const { vocabSize } = bytes;

  it.each([
    ['with biases', {}],
    ['without those of queries, keys and values', { qkvBias: false }],
    ['with a head of its own', { tiedHead: false }],
  ])('computes a GPT-2 %s', async (_, changes) => {
    await expectSame(tinyGPT2({ vocabSize, ...changes }), bytes, [text]);
  });

  it.each<[string, Partial<LlamaConfig>]>([
    ['a Llama', {}],
    [
      'one with a head of its own and biases everywhere',
      { tiedHead: false, qkvBias: true, outputBias: true, feedForwardBias: true },
    ],
    ['one with heads that do not make up the width', { headDim: 24 }],
    ['one with slower positions', { ropeScaling: { kind: 'linear', factor: 4 } }],
    [
      "one with Llama 3's positions",
      {
        ropeTheta: 500,
        ropeScaling: {
          kind: 'llama3',
          factor: 8,
          lowFrequencyFactor: 1,
          highFrequencyFactor: 4,
          originalContextLength: 64,
        },
      },
    ],
    ['a Qwen2', { qkvBias: true, normEps: 1e-6 }],
    ['a Qwen3', { qkNorm: true, headDim: 32 }],
  ])('computes %s', async (_, changes) => {
    await expectSame(tinyLlama({ vocabSize, ...changes }), bytes, [text]);
  });

  const changed = (change: (file: ReturnType<typeof bytesFile>) => void, file = bytesFile()) => {
    change(file);
    return new HuggingFaceTokenizer(file);
  };
  const cases: [string, Tokenizer][] = [
    ['of characters', CharTokenizer.fromText(text)],
    ["of GPT-2's", new GPT2Tokenizer()],
    ['as SentencePiece', new HuggingFaceTokenizer(charactersFile())],
    [
      'that cuts digits apart',
      changed((file) => {
        const words = { ...(file.pre_tokenizer as object) };
        file.pre_tokenizer = {
          type: 'Sequence',
          pretokenizers: [{ type: 'Digits', individual_digits: true }, words],
        };
      }),
    ],
  ];
  it.each(cases)('makes the same tokens with a tokenizer %s', async (_, tokenizer) => {
    const model = tinyGPT2({ vocabSize: Math.max(tokenizer.vocabSize, 80), embDim: 8 });
    const pieces = text.split(/(?=[ \n])/);
    await expectSame(model, tokenizer, [text, ...pieces.map((_, i) => pieces.slice(0, i).join('')), text.repeat(3)]);
  });

  it.each([1, 2, 3, 4, 5, 6])('merges the leftmost of equal scores first, with vocabulary %i of six', async (seed) => {
    const random = new Random(seed);
    const letters = (most: number) =>
      Array.from({ length: 1 + random.integer(most) }, () => 'ab▁'[random.integer(3)]).join('');
    const scores: Record<string, number> = { a: -9, b: -9, '▁': -9 };
    for (let i = 0; i < 20; i++) scores[letters(5)] ??= -random.integer(2);
    const texts = Array.from({ length: 200 }, () => letters(60).replaceAll('▁', ' '));
    // As llama.cpp reads the scores themselves:
    const metadata = sentencePieceMetadata(scores);
    const tokenizer = (await tokenizerOf(metadata))!;
    const model = tinyLlama({ vocabSize: tokenizer.vocabSize });
    const tensors = layOut(model, llamaGguf.layout(model.config, 'llama'));
    await writeGguf(inFolder('scores'), {
      metadata: {
        'general.architecture': 'llama',
        ...Object.fromEntries(
          Object.entries(llamaGguf.writeConfig(model.config).hyperparameters).map(([key, value]) => [
            `llama.${key}`,
            value,
          ]),
        ),
        ...metadata,
      },
      tensors: tensors.map(({ name, shape, make }) => ({ name, shape, type: 'F32', data: make() })),
    });
    const theirs = await openWithLlamaCpp(inFolder('scores'));
    for (const text of texts) expect(theirs.tokenize(text)).toEqual(tokenizer.encode(text));
    await theirs.dispose();
    // And as tsgpt writes them, where scores can express them:
    await saveGguf(inFolder('written'), { model, tokenizer });
    const written = await openWithLlamaCpp(inFolder('written'));
    for (const text of texts) expect(written.tokenize(text)).toEqual(tokenizer.encode(text));
    await written.dispose();
  });
});
