import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Shape } from '../../../src/core/shape.ts';
import { exportOnnx } from '../../../src/disk/export-onnx.ts';
import { openModel, saveGguf, savePretrained } from '../../../src/disk/pretrained.ts';
import { loadCheckpoint, trainInFolder } from '../../../src/disk/run/index.ts';
import { Decoder, generate } from '../../../src/generate/index.ts';
import {
  createModel,
  type Family,
  GPT2,
  loadPublishedWeights,
  publishedName,
  readPublishedWeight,
  registerFamily,
  summarizeModel,
  totalOf,
  type WeightSource,
} from '../../../src/models/index.ts';
import { huggingFaceTensors } from '../../../src/models/lay-out.ts';
import { Random } from '../../../src/random/random.ts';
import { splitTrainValidation } from '../../../src/text/index.ts';
import { CharTokenizer } from '../../../src/tokenizer/index.ts';
import { DecoderSession } from '../../support/onnx-session.ts';
import { textFile, tsgpt } from '../../support/run-cli.ts';
import { measured, tinyOptions } from '../../support/tiny.ts';
import { weightsOfModel } from '../../support/tiny-models.ts';
import { Toy, toyFamily } from '../../support/toy-family/index.ts';

// A family that the library does not know joins by one folder, test/support/toy-family/, and one line.
registerFamily(toyFamily);

const root = mkdtempSync(join(tmpdir(), 'tsgpt-family-'));
afterAll(() => rmSync(root, { recursive: true }));
const place = (name: string) => join(root, name);

const sentence = 'the cat sat on the mat. ';
const tokenizer = CharTokenizer.fromText(sentence);
const { vocabSize } = tokenizer;
const text = splitTrainValidation(Uint16Array.from(tokenizer.encode(sentence.repeat(40))), 0.2);
const newModel = () => new Toy({ vocabSize, dropRate: 0.05 }, new Random(1));
const options = { ...tinyOptions, steps: 60, batchSize: 8, warmupSteps: 10, evalInterval: 20 };

/** A folder with a model that has learned the sentence. */
const run = (async () => {
  const model = newModel();
  const reports: object[] = [];
  for await (const report of trainInFolder({ folder: place('run'), model, tokenizer, text, options })) {
    reports.push(measured(report));
  }
  return { model, reports };
})();

async function logitsOf(decoder: Decoder): Promise<number[]> {
  await using disposable = decoder;
  const [logits] = await disposable.append(disposable.createCache(), [tokenizer.encode('the cat')]);
  return [...logits!];
}

/** Expects `place` to open as the trained model, and to compute the same from weights in their file. */
async function expectTheModelAt(place: string, dropRate = 0.05): Promise<void> {
  const { model } = await run;
  const opened = await openModel(place);
  expect(opened).toMatchObject({ family: 'toy-relu', config: { ...model.config, dropRate } });
  expect(opened.tokenizer!.decode(tokenizer.encode('a cat'))).toBe('a cat');
  const again = await opened.model();
  expect(again).toBeInstanceOf(Toy);
  expect(weightsOfModel(again)).toEqual(weightsOfModel(model));
  expect(await logitsOf(await opened.decoder())).toEqual(await logitsOf(new Decoder(model)));
}

describe('a family registered by a program of its own', () => {
  it('is created from a configuration in JSON, with checks', () => {
    const { config } = newModel();
    expect(createModel('toy-relu', JSON.parse(JSON.stringify(config)))).toBeInstanceOf(Toy);
    expect(() => createModel('toy-relu', { ...config, nLayers: 0 })).toThrow('nLayers must be a whole number');
  });

  it('trains, and learns', async () => {
    const { reports } = await run;
    expect((reports[0] as { validationLoss: number }).validationLoss).toBeGreaterThan(2);
    expect((reports.at(-1) as { validationLoss: number }).validationLoss).toBeLessThan(0.7);
  });

  it('is saved and loaded', async () => {
    await run;
    await expectTheModelAt(place('run'));
  });

  it('resumes a run bit for bit', async () => {
    const { model, reports } = await run;
    const folder = place('resumed');
    for await (const { step } of trainInFolder({ folder, model: newModel(), tokenizer, text, options })) {
      if (step === 33) break;
    }
    const resumeFrom = await loadCheckpoint(folder, 'last');
    const resumed = { model: resumeFrom.model, tokenizer: resumeFrom.tokenizer };
    const rest: object[] = [];
    for await (const report of trainInFolder({ ...resumed, folder, text, resumeFrom })) rest.push(measured(report));
    expect(rest.filter((report) => (report as { step: number }).step > 33)).toEqual(reports.slice(34));
    expect(weightsOfModel(resumeFrom.model)).toEqual(weightsOfModel(model));
  });

  it('generates, also from quantized weights', async () => {
    const opened = await openModel(place('run'), { checkpoint: 'last' });
    for (const quantize of [undefined, 'q8'] as const) {
      await using decoder = await opened.decoder({ quantize });
      let written = '';
      for await (const piece of generate(decoder, tokenizer, 'the c', { temperature: 0, maxTokens: 12 })) {
        written += piece;
      }
      expect(written).toBe('at sat on th');
    }
  });

  it('is written in the layout of Hugging Face, and read back', async () => {
    const { model } = await run;
    const folder = place('hugging-face');
    await savePretrained(folder, { model, tokenizer });
    expect(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))).toMatchObject({
      model_type: 'toy_relu',
      heads: 2,
    });
    await expectTheModelAt(folder);
  });

  it('is written as GGUF, and read back', async () => {
    const { model } = await run;
    await saveGguf(place('toy.gguf'), { model, tokenizer });
    await expectTheModelAt(place('toy.gguf'), 0); // the format has no place for dropout
  });

  it('is exported as ONNX', async () => {
    const { model } = await run;
    await exportOnnx(place('onnx'), { model, tokenizer });
    const session = await DecoderSession.open(join(place('onnx'), 'onnx', 'model.onnx'));
    const actual = (await session.append([tokenizer.encode('the cat')]))[0]!.at(-1)!;
    const expected = await logitsOf(new Decoder(model));
    expect(Math.max(...expected.map((logit, i) => Math.abs(logit - actual[i]!)))).toBeLessThan(1e-4);
  });

  it('is summarized', async () => {
    const { model } = await run;
    const groups = summarizeModel('toy-relu', model.config);
    expect(totalOf(groups, 'parameters')).toBe(model.parameterCount);
    expect(groups.map(({ repeat }) => repeat)).toContain(2);
  });

  it('is a model like any other on the command line', async () => {
    await run;
    const info = await tsgpt('info', place('run'));
    expect([info.code, info.stderr]).toEqual([0, '']);
    expect(info.stdout).toContain('toy-relu after step');
    const written = await tsgpt('generate', place('run'), '-p', 'the c', '-t', '0', '-n', '4', '--last');
    expect([written.code, written.stdout]).toEqual([0, 'the cat s\n']);
    const measuredText = await tsgpt('eval', place('run'), '--text', textFile(sentence), '--json');
    expect(measuredText.code).toBe(0);
    const converted = await tsgpt('convert', place('run'), place('converted.gguf'), '--last');
    expect([converted.code, converted.stderr]).toEqual([0, '']);
    await expectTheModelAt(place('converted.gguf'), 0);
  });
});

describe('the strict loader, of a registered family,', () => {
  type Tensors = Map<string, { shape: Shape; data: Float32Array }>;
  const published = async (): Promise<{ model: Toy; all: Tensors }> => {
    const { model } = await run;
    const tensors = huggingFaceTensors(model).map(
      ({ name, shape, make }) => [name, { shape, data: make().slice() }] as const,
    );
    return { model, all: new Map(tensors) };
  };
  const source = (tensors: Tensors): WeightSource => ({
    tensors,
    has: (name: string) => tensors.has(name),
    readFloats: async (name: string) => tensors.get(name)!,
  });

  it('reads weights without the prefix, passes over what is ignored, and reads single weights', async () => {
    const { model, all } = await published();
    const plain = new Map([...all].map(([name, tensor]) => [name.replace('toy.', ''), tensor]));
    plain.set('angles', { shape: [1], data: new Float32Array(1) });
    const again = new Toy(model.config);
    await loadPublishedWeights(again, source(plain));
    expect(weightsOfModel(again)).toEqual(weightsOfModel(model));
    for (const [path, { value }] of model.namedParameters()) {
      expect(await readPublishedWeight(model, path, source(plain))).toEqual(value);
    }
  });

  it.each<[string, (all: Tensors) => unknown, string]>([
    [
      'a missing tensor',
      (all) => all.delete('toy.1.attention.qkv.bias'),
      "no tensor 1.attention.qkv.bias, which the model's blocks.1.attention.query.bias",
    ],
    ['one too many', (all) => all.set('toy.more', all.get('toy.finalNorm.weight')!), 'toy.more, which has no place'],
    ['one twice', (all) => all.set('finalNorm.weight', all.get('toy.finalNorm.weight')!), 'finalNorm.weight twice'],
    [
      'another shape',
      (all) => all.set('toy.0.attention.qkv.weight', all.get('toy.finalNorm.weight')!),
      "is [32], but the model's configuration needs [96, 32]",
    ],
    [
      'what is no number',
      (all) => all.get('toy.finalNorm.weight')!.data.fill(Number.NaN),
      'toy.finalNorm.weight has elements that are NaN or infinite',
    ],
  ])('refuses %s', async (_, change, message) => {
    const { model, all } = await published();
    change(all);
    await expect(loadPublishedWeights(new Toy(model.config), source(all))).rejects.toThrow(message);
  });
});

it.each([
  ['blocks.0.attention.query.down', 'it is neither a weight nor a bias'],
  ['blocks.0.attention.gate.weight', 'no place for attention.gate'],
])('a model with the parameter %s cannot be published, which says so', (path, message) => {
  const model = new GPT2({ vocabSize: 5, embDim: 8, nHeads: 2, nLayers: 1 });
  expect(() => publishedName(model, path)).toThrow(message);
});

describe('registerFamily', () => {
  const other: Family = { ...(toyFamily as unknown as Family), name: 'other', huggingFace: undefined, gguf: undefined };

  it('refuses names that are taken', () => {
    expect(() => registerFamily({ ...other, name: 'gpt2' })).toThrow('the model family gpt2 already exists');
    expect(() => registerFamily({ ...other, gguf: toyFamily.gguf as unknown as Family['gguf'] })).toThrow('toy-relu');
  });

  it('takes a family that neither Hugging Face nor llama.cpp knows; writing for them says so', async () => {
    registerFamily(other);
    const model = Object.assign(newModel(), { family: 'other' });
    await expect(savePretrained(place('never'), { model })).rejects.toThrow(
      "models of the family other cannot be written in Hugging Face's layout; the family does not define huggingFace",
    );
    await expect(saveGguf(place('never.gguf'), { model })).rejects.toThrow(
      'cannot be written as GGUF; the family does not define gguf',
    );
    await expect(exportOnnx(place('never-onnx'), { model })).rejects.toThrow(
      'a model of the family other cannot be exported for transformers.js, which needs a config.json',
    );
  });
});
