import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { saveGguf, savePretrained } from '../../../src/disk/pretrained.ts';
import { stopTokensLeftOut } from '../../../src/disk/save-gguf.ts';
import type { LanguageModel, LlamaConfig } from '../../../src/models/index.ts';
import { readHuggingFaceTokenizer, type Tokenizer } from '../../../src/tokenizer/index.ts';
import { type LoadedModel, loadModel } from '../../support/load-model.ts';
import { bytesFile } from '../../support/published-forms.ts';
import { weightBits } from '../../support/tiny.ts';
import { tinyGPT2, tinyLlama, weightsOfModel } from '../../support/tiny-models.ts';

const root = mkdtempSync(join(tmpdir(), 'tsgpt-round-trip-'));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;

const file = bytesFile();
const vocabSize = 430; // more than the tokenizer has, as is usual
const tokenizer = readHuggingFaceTokenizer({ 'tokenizer.json': JSON.stringify(file) })!;
const chatTemplate = '{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}';
const stopTokens = [5, 17];

const llama3 = {
  kind: 'llama3',
  factor: 8,
  lowFrequencyFactor: 1,
  highFrequencyFactor: 4,
  originalContextLength: 8192,
} as const;

const llamas: Record<string, Partial<LlamaConfig>> = {
  'Llama 2': {},
  'Llama 3': { tiedHead: false, ropeTheta: 500_000, ropeScaling: llama3 },
  'a Llama with longer positions': { ropeScaling: { kind: 'linear', factor: 4 } },
  'a Mistral with a window': { slidingWindow: 16 },
  Qwen2: { qkvBias: true },
  'a Qwen3 with a window': { qkNorm: true, slidingWindow: 8 },
  Qwen3: { qkNorm: true, headDim: 32 },
};
const models: [string, () => LanguageModel][] = [
  ['GPT-2', () => tinyGPT2({ vocabSize })],
  ['GPT-2 with a head of its own', () => tinyGPT2({ vocabSize, tiedHead: false })],
  ...Object.entries(llamas).map(([name, changes]): [string, () => LanguageModel] => [
    name,
    () => tinyLlama({ vocabSize, ...changes }),
  ]),
];

function expectSame(loaded: LoadedModel, model: LanguageModel): void {
  expect(weightBits(loaded.model)).toEqual(weightBits(model));
  expect(loaded.chatTemplate).toBe(chatTemplate);
  for (const text of ['Hello, world! ', 'naïve 日本 🙂', '  two  spaces\n\n']) {
    expect(loaded.tokenizer!.encode(text)).toEqual((tokenizer as Tokenizer).encode(text));
  }
  expect(loaded.tokenizer!.vocabSize).toBe(tokenizer.vocabSize);
  expect(loaded.tokenizer!.endOfTextId).toBe(tokenizer.endOfTextId);
  expect(loaded.stopTokens).toEqual([tokenizer.endOfTextId, ...stopTokens]);
}

describe.each(models)('%s comes back as it was', (_, create) => {
  it('from a folder in the layout of Hugging Face: weights, configuration, tokenizer, template and stop tokens', async () => {
    const model = create();
    const folder = join(root, `${count++}`);
    await savePretrained(folder, { model, tokenizer, chatTemplate, stopTokens });
    const loaded = await loadModel(folder);
    expectSame(loaded, model);
    expect(loaded.model.config).toEqual(model.config);
  });

  it('from a GGUF file in float32', async () => {
    const model = create();
    const path = join(root, `${count++}.gguf`);
    await saveGguf(path, { model, tokenizer, chatTemplate, stopTokens });
    const loaded = await loadModel(path);
    expectSame(loaded, model);
    expect(loaded.model.config).toEqual(model.config);
  });
});

it('a GGUF file has a place for three tokens that end a text', async () => {
  const path = join(root, `${count++}.gguf`);
  const toSave = { model: tinyGPT2({ vocabSize }), tokenizer, stopTokens: [5, 5, tokenizer.endOfTextId!, 17, 18, 19] };
  await saveGguf(path, toSave);
  expect((await loadModel(path)).stopTokens).toEqual([tokenizer.endOfTextId, 5, 17]);
  expect(stopTokensLeftOut(toSave)).toEqual([18, 19]);
});

it('a number that half precision cannot hold is told, and nothing is written', async () => {
  const model = tinyGPT2({ vocabSize });
  model.finalNorm.weight.value[3] = 70_000;
  const folder = join(root, `${count++}`);
  const saving = savePretrained(folder, { model, tokenizer }, { dtype: 'F16' });
  await expect(saving).rejects.toThrow(/cannot be written as F16: it has the value 70000, which is too large/);
  expect(existsSync(folder)).toBe(false);
  await savePretrained(folder, { model, tokenizer }, { dtype: 'BF16' });
  const { model: loaded } = await loadModel(folder);
  expect(weightsOfModel(loaded)['finalNorm.weight']![3]).toBe(70_144); // the nearest
  const wrong = savePretrained(folder, { model }, { dtype: 'f16' as never });
  await expect(wrong).rejects.toThrow("dtype must be one of F32, F16, BF16, but is 'f16'");
});
