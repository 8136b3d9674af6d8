import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { exportOnnx } from '../../../src/disk/export-onnx.ts';
import { describeModel, openModel, saveGguf, savePretrained } from '../../../src/disk/pretrained.ts';
import { saveCheckpoint } from '../../../src/disk/run/index.ts';
import { Decoder } from '../../../src/generate/index.ts';
import type { LanguageModel } from '../../../src/models/index.ts';
import { CharTokenizer } from '../../../src/tokenizer/index.ts';
import { FakeHub } from '../../support/fake-hub.ts';
import { tinyGPT2, tinyLlama, weightsOfModel } from '../../support/tiny-models.ts';

const root = mkdtempSync(join(tmpdir(), 'tsgpt-open-'));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;
const fresh = (name: string) => join(root, `${count++}-${name}`);

const tokenizer = new CharTokenizer('abcdefghijklmnopqrstuvwxyz ');
const model = tinyLlama();

/** The same model in each form that can be opened. */
const forms: Record<string, () => Promise<string>> = {
  async 'the folder of a run'() {
    const folder = fresh('run');
    await saveCheckpoint(folder, ['best'], { model, tokenizer, step: 7, validationLoss: 1.5 });
    return folder;
  },
  'a checkpoint of a run': async () => join(await forms['the folder of a run']!(), 'best.json'),
  async 'a folder in the layout of Hugging Face'() {
    const folder = fresh('folder');
    await savePretrained(folder, { model, tokenizer, chatTemplate: '{{ messages }}', stopTokens: [3] });
    return folder;
  },
  async 'a GGUF file'() {
    const path = fresh('model.gguf');
    await saveGguf(path, { model, tokenizer, chatTemplate: '{{ messages }}', stopTokens: [3] });
    return path;
  },
};

async function logitsOf(decoder: Decoder): Promise<number[]> {
  const [logits] = await decoder.append(decoder.createCache(), [[5, 9, 20]]);
  await decoder.dispose();
  return [...logits!];
}

describe.each(Object.entries(forms))('openModel, of %s,', (form, save) => {
  it('tells the configuration and the tokenizer, and gives the model and a decoder', async () => {
    const opened = await openModel(await save());
    expect(opened).toMatchObject({ family: 'llama', modelType: 'llama', config: model.config });
    expect(opened.tokenizer!.encode('a cat')).toEqual(tokenizer.encode('a cat'));
    expect(weightsOfModel(await opened.model())).toEqual(weightsOfModel(model));
    expect(await logitsOf(await opened.decoder())).toEqual(await logitsOf(new Decoder(model)));
    const isRun = form.endsWith('run');
    expect(opened.chatTemplate).toBe(isRun ? undefined : '{{ messages }}');
    expect(opened.stopTokens).toEqual(isRun ? [] : [3]);
    if (isRun) expect(opened.checkpoint).toMatchObject({ step: 7, validationLoss: 1.5 });
    else expect(opened.checkpoint).toBeUndefined();
  });

  it('gives a quantized decoder', async () => {
    const opened = await openModel(await save(), { cacheFolder: fresh('cache') });
    const expected = await logitsOf(new Decoder(model, { quantize: 'q4' }));
    expect(await logitsOf(await opened.decoder({ quantize: 'q4' }))).toEqual(expected);
  });
});

describe('openModel', () => {
  it('reads no weights before they are asked for', async () => {
    for (const form of ['the folder of a run', 'a folder in the layout of Hugging Face']) {
      const place = await forms[form]!();
      const numbers = readdirSync(place).find((name) => name.endsWith('.safetensors'))!;
      truncateSync(join(place, numbers), 20);
      const opened = await openModel(place);
      expect(opened.config).toEqual(model.config);
      expect(await describeModel(place)).toMatchObject({ family: 'llama', config: model.config });
      await expect(opened.model()).rejects.toThrow('is truncated');
      await expect(opened.decoder()).rejects.toThrow('is truncated');
    }
  });

  it('gives the model anew each time, so that one can be trained and another one compared with it', async () => {
    const opened = await openModel(await forms['the folder of a run']!());
    const [one, other] = [await opened.model(), await opened.model()];
    one.parameters()[0]!.value.fill(0);
    expect(weightsOfModel(other)).toEqual(weightsOfModel(model));
  });

  it.each([
    ['gpt2', 'openai-community/gpt2'],
    ['GPT2', 'openai-community/gpt2'],
    ['distilgpt2', 'distilbert/distilgpt2'],
    ['TinyLlama', 'TinyLlama/TinyLlama-1.1B-Chat-v1.0'],
  ])('suggests the full name of %s', async (name, fullName) => {
    await expect(openModel(name)).rejects.toThrow(`there is no model ${name}; on the hub it is ${fullName}, so give`);
  });

  it('says first that there is no such folder, when the hub cannot help', async () => {
    const hub = { cacheFolder: fresh('hub'), offline: true };
    await expect(openModel('models/gtp2', { hub })).rejects.toThrow(
      /^there is no folder models\/gtp2, and as a model of the hub: models\/gtp2 \(main\) is not in the cache/,
    );
  });

  it('downloads a model of the hub', async () => {
    const folder = await forms['a folder in the layout of Hugging Face']!();
    const files = Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
    const hub = new FakeHub();
    await hub.start();
    onTestFinished(() => hub.stop());
    hub.models.set('someone/model', { commit: '0'.repeat(40), files });
    const cacheFolder = fresh('hub');
    mkdirSync(cacheFolder);
    const opened = await openModel('someone/model', { hub: { endpoint: hub.endpoint, cacheFolder, token: '' } });
    expect(weightsOfModel(await opened.model())).toEqual(weightsOfModel(model));
  });

  it('opens the checkpoint asked for', async () => {
    const folder = fresh('run');
    for (const [step, name] of [
      [3, 'best'],
      [5, 'last'],
    ] as const) {
      // biome-ignore format: a table
      await saveCheckpoint(folder, [name], { model, tokenizer, step });
    }
    expect((await openModel(folder)).checkpoint!.step).toBe(3);
    expect((await openModel(folder, { checkpoint: 'last' })).checkpoint!.step).toBe(5);
  });

  it('says what is missing', async () => {
    await expect(openModel(fresh('nothing'))).rejects.toThrow(/^there is no model .*nothing; give a training/);
    const folder = await forms['a folder in the layout of Hugging Face']!();
    await expect(openModel(join(folder, 'config.json'))).rejects.toThrow(`give the folder ${folder}`);
    await expect(openModel(join(folder, 'tokenizer.json'))).rejects.toThrow('is not a checkpoint of tsgpt');
    await expect(openModel('/dev/null')).rejects.toThrow('it is a folder or a device');
  });

  it.each(['model.gguf?download=true', 'e3b0c44298fc1c14', 'model.bin', 'model.json', 'a/b'])(
    'reads a GGUF file and a checkpoint named %s',
    async (name) => {
      for (const form of ['a GGUF file', 'a checkpoint of a run']) {
        const file = await forms[form]!();
        const renamed = join(dirname(file), name);
        mkdirSync(dirname(renamed), { recursive: true });
        copyFileSync(file, renamed);
        const opened = await openModel(renamed);
        expect(opened).toMatchObject({ family: 'llama', config: model.config });
        expect(await describeModel(renamed)).toMatchObject({ family: 'llama', config: model.config });
        const isBesideWeights = form === 'a GGUF file' || name !== 'a/b';
        if (isBesideWeights) expect(weightsOfModel(await opened.model())).toEqual(weightsOfModel(model));
      }
    },
  );

  const onnx = async () => {
    const folder = fresh('onnx');
    await exportOnnx(folder, { model });
    return readFileSync(join(folder, 'onnx', 'model.onnx'));
  };
  it.each<[string, () => Promise<string | Uint8Array>, string]>([
    [
      'weights alone',
      async () => readFileSync(join(await forms['a folder in the layout of Hugging Face']!(), 'model.safetensors')),
      'contains only weights; give its folder',
    ],
    // The length of this header, 123, is also an opening brace.
    ['weights that look like JSON', async () => `{${'\0'.repeat(7)}{"__metadata__":{}}`, 'contains only weights'],
    ['an ONNX model', onnx, 'is an ONNX model, which can be written but not opened'],
    ['a file of PyTorch', async () => 'PK\x03\x04\0\0', 'is an archive, as PyTorch writes weights'],
    ['an older file of llama.cpp', async () => 'tjgg\x03\0\0\0', 'is in a format from before GGUF'],
    [
      'a pointer of Git LFS',
      async () => 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n',
      'is only a pointer of Git LFS to the file itself; get that with "git lfs pull"',
    ],
    ['a web page', async () => '\n<!DOCTYPE html><html>', 'is a web page, not a model; download the file itself'],
    ['nothing', async () => '', 'is empty; download it again'],
    ['a text', async () => 'Once upon a time', "is not a model; give a training run's folder"],
  ])('says that a file holds %s, whatever its name', async (_, contents, message) => {
    for (const name of ['model.gguf', 'model.safetensors', 'model']) {
      const path = fresh(name);
      writeFileSync(path, await contents());
      await expect(openModel(path)).rejects.toThrow(`${path} ${message}`);
    }
  });

  it('refuses any other bytes in one sentence', async () => {
    const beginning = fc.constantFrom(
      '',
      'GGUF',
      'GGUF\x03\0\0\0',
      '{',
      '{"format":"tsgpt checkpoint"',
      '\xef\xbb\xbf{',
      '\x08\x09\x12',
      'tjgg',
    );
    const path = fresh('bytes');
    await fc.assert(
      fc.asyncProperty(beginning, fc.uint8Array({ maxLength: 80 }), async (start, rest) => {
        writeFileSync(path, Buffer.concat([Buffer.from(start, 'latin1'), rest]));
        const error = await openModel(path).then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(error).toBeInstanceOf(TsgptError);
        expect((error as Error).message).toContain(path);
        expect((error as Error).message).toMatch(/^[^\n]+$/);
      }),
      { numRuns: 500 },
    );
  });

  it('names a GGUF file in a folder that has only those', async () => {
    const folder = fresh('folder');
    mkdirSync(folder);
    copyFileSync(await forms['a GGUF file']!(), join(folder, 'tiny-Q8_0.gguf'));
    await expect(openModel(folder)).rejects.toThrow(`give one of them, such as ${join(folder, 'tiny-Q8_0.gguf')}`);
  });
});

describe('a decoder', () => {
  it('that cannot be loaded says why, even when it is disposed of', async () => {
    const model = tinyGPT2();
    const [weight] = [...model.namedParameters().values()];
    weight!.stored = { format: 'float32', data: { path: '/no/such/file', offset: 0, length: 4 * weight!.size } };
    const use = async () => {
      await using decoder = new Decoder(model);
      await decoder.load();
    };
    const error = (await use().catch((error: unknown) => error)) as Error;
    expect(error.constructor.name).not.toBe('SuppressedError');
    expect(error.message).toMatch(/no\/such\/file|external|initializer/i);
  });

  const narrow: [string, LanguageModel][] = [
    ['a GPT-2 48 wide', tinyGPT2({ embDim: 48, nHeads: 4 })],
    ['a GPT-2 72 wide', tinyGPT2({ embDim: 72, nHeads: 4 })],
    ['a GPT-2 172 wide', tinyGPT2({ embDim: 172, nHeads: 4 })],
    ['a Llama with a network 172 wide', tinyLlama({ hiddenDim: 172, tiedHead: false })],
    ['a Llama 48 wide', tinyLlama({ embDim: 48, headDim: 12 })],
  ];
  it.each(narrow)('of %s can be quantized, from every form', async (_, model) => {
    const [run, folder, gguf, half] = [fresh('run'), fresh('folder'), fresh('m.gguf'), fresh('q8.gguf')];
    await saveCheckpoint(run, ['best'], { model, tokenizer, step: 7 });
    await savePretrained(folder, { model });
    await saveGguf(gguf, { model });
    await saveGguf(half, { model }, { type: 'Q8_0' });
    const cacheFolder = fresh('cache');
    for (const quantize of ['q8', 'q4'] as const) {
      const expected = await logitsOf(new Decoder(model, { quantize }));
      for (const place of [run, folder, gguf]) {
        const opened = await openModel(place, { cacheFolder });
        expect(await logitsOf(await opened.decoder({ quantize }))).toEqual(expected);
      }
      // In this file, what could not be quantized is in half precision.
      const opened = await openModel(half, { cacheFolder });
      const rounded = await logitsOf(new Decoder(await opened.model(), { quantize }));
      expect(await logitsOf(await opened.decoder({ quantize }))).toEqual(rounded);
    }
  });

  it('leaves matrices whose rows are no whole blocks as they are, in memory and in the cache', async () => {
    const [folder, cacheFolder] = [fresh('folder'), fresh('cache')];
    const odd = tinyGPT2({ embDim: 24 }); // only the layer that reads 96 numbers is rounded
    await savePretrained(folder, { model: odd });
    const expected = await logitsOf(new Decoder(odd, { quantize: 'q8' }));
    for (let start = 0; start < 2; start++) {
      const opened = await openModel(folder, { cacheFolder });
      expect(await logitsOf(await opened.decoder({ quantize: 'q8' }))).toEqual(expected);
    }
    expect(readdirSync(cacheFolder)).toHaveLength(1);
  });
});
