import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../../src/core/errors.ts';
import { loadCheckpoint, saveCheckpoint, trainInFolder } from '../../../../src/disk/run/index.ts';
import { writeSafetensors } from '../../../../src/disk/safetensors.ts';
import { GPT2Tokenizer } from '../../../../src/tokenizer/index.ts';
import { textTrainer } from '../../../../src/train/index.ts';
import {
  errorOf,
  readLog,
  temporaryFolder,
  tinyModel,
  tinyOptions,
  tinyText,
  tinyTokenizer,
  weightBits,
} from '../../../support/tiny.ts';
import { newRun, resumedRun } from '../../../support/tiny-run.ts';

const model = tinyModel({ qkvBias: true, tiedHead: false });

/** A folder with a checkpoint of {@link model}. */
async function savedFolder(step = 3): Promise<string> {
  const folder = temporaryFolder();
  await saveCheckpoint(folder, ['last', 'best'], { model, tokenizer: tinyTokenizer, step, validationLoss: 2.5 });
  return folder;
}

/** Replaces parts of a checkpoint's JSON file. */
function edit(path: string, changes: Record<string, unknown>): void {
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...changes }));
}

/** The error is one clear sentence: of ours, on one line, and about the right thing. */
async function expectSentence(promise: Promise<unknown>, about: string): Promise<void> {
  const error = await errorOf(promise);
  expect(error).toBeInstanceOf(TsgptError);
  expect(error.message).not.toContain('\n');
  expect(error.message).toContain(about);
}

describe('a checkpoint', () => {
  it('gives back every bit', async () => {
    const folder = await savedFolder();
    const loaded = await loadCheckpoint(folder);
    expect(weightBits(loaded.model)).toEqual(weightBits(model));
    expect((loaded.model as typeof model).config).toEqual(model.config);
    expect(loaded.tokenizer.toJSON()).toEqual(tinyTokenizer.toJSON());
    expect(loaded.file).toMatchObject({ architecture: 'gpt2', step: 3, validationLoss: 2.5 });
  });

  it('is the best one of a folder unless the last is asked for', async () => {
    const folder = await savedFolder(3);
    const later = tinyModel({ nLayers: 2 });
    await saveCheckpoint(folder, ['last'], { model: later, tokenizer: tinyTokenizer, step: 5 });
    expect((await loadCheckpoint(folder)).file.step).toBe(3);
    expect((await loadCheckpoint(folder, 'best')).path).toBe(join(folder, 'best.json'));
    const last = await loadCheckpoint(folder, 'last');
    expect([last.path, last.file.step]).toEqual([join(folder, 'last.json'), 5]);
    expect(weightBits(last.model)).toEqual(weightBits(later));
    expect((await loadCheckpoint(join(folder, 'last.json'))).file.step).toBe(5);
  });

  it('may be the only one', async () => {
    const folder = temporaryFolder();
    await saveCheckpoint(folder, ['last'], { model, tokenizer: tinyTokenizer, step: 5 });
    expect((await loadCheckpoint(folder, 'best')).path).toBe(join(folder, 'last.json'));
  });

  it('has its numbers removed when no checkpoint uses them any more, and only those', async () => {
    const folder = temporaryFolder();
    const numbers = () => readdirSync(folder).filter((name) => !name.endsWith('.json'));
    const save = (step: number, names: ('last' | 'best')[]) => {
      const trainer = textTrainer(tinyModel(), tinyText, tinyOptions);
      const text = { path: 'letters', trainTokens: 1, validationTokens: 1, checksum: 1 };
      const training = { trainer, record: { options: tinyOptions, text } };
      return saveCheckpoint(folder, names, { model, tokenizer: tinyTokenizer, step, training });
    };
    await save(1, ['last', 'best']);
    expect(numbers()).toEqual(['step-1.model.safetensors', 'step-1.optimizer.safetensors']);
    await save(2, ['last']);
    expect(numbers()).toEqual(['step-1.model.safetensors', 'step-2.model.safetensors', 'step-2.optimizer.safetensors']);
    await save(3, ['last', 'best']);
    expect(numbers()).toEqual(['step-3.model.safetensors', 'step-3.optimizer.safetensors']);

    const notes = ['notes.safetensors', 'step-1.model.safetensors.bak', 'my-step-1.model.safetensors', 'other.tmp'];
    // What a killed process leaves.
    const unfinished = 'step-2.model.safetensors.0123456789ab.tmp';
    for (const name of [...notes, unfinished]) writeFileSync(join(folder, name), '');
    await save(4, ['last', 'best']);
    expect(numbers().sort()).toEqual([...notes, 'step-4.model.safetensors', 'step-4.optimizer.safetensors'].sort());

    // While one cannot be read, it may need any of them.
    writeFileSync(join(folder, 'best.json'), '{');
    await save(5, ['last']);
    expect(numbers()).toContain('step-4.model.safetensors');
  });

  it('makes the folder it goes to, or says why it cannot', async () => {
    const folder = join(temporaryFolder(), 'runs', 'new');
    await saveCheckpoint(folder, ['last'], { model, tokenizer: tinyTokenizer, step: 0 });
    expect(existsSync(join(folder, 'last.json'))).toBe(true);
    const inFile = join(folder, 'last.json', 'run');
    await expectSentence(
      saveCheckpoint(inFile, ['last'], { model, tokenizer: tinyTokenizer, step: 0 }),
      `cannot create the folder ${inFile}`,
    );
  });
});

describe('loading', () => {
  it('says what is missing', async () => {
    const empty = temporaryFolder();
    await expectSentence(loadCheckpoint(join(empty, 'none')), 'it does not exist');
    await expectSentence(loadCheckpoint(empty), 'neither last.json nor best.json');
    await expectSentence(loadCheckpoint(join(empty, 'last.json')), 'cannot read the checkpoint');
    writeFileSync(join(empty, 'file'), '');
    await expectSentence(loadCheckpoint(join(empty, 'file')), 'it is not complete JSON');
    mkdirSync(join(empty, 'best.json'));
    await expectSentence(loadCheckpoint(empty), 'cannot read the checkpoint');

    const folder = await savedFolder();
    edit(join(folder, 'best.json'), { model: 'step-99.model.safetensors' });
    await expectSentence(loadCheckpoint(folder), 'there is no such file');
  });

  it('says what is not JSON, or not ours', async () => {
    const folder = await savedFolder();
    const path = join(folder, 'best.json');
    const whole = readFileSync(path, 'utf8').trimEnd();
    const lengths = fc.integer({ min: 0, max: whole.length - 1 });
    await fc.assert(
      fc.asyncProperty(lengths, async (length) => {
        writeFileSync(path, whole.slice(0, length));
        await expectSentence(loadCheckpoint(folder), 'is damaged: it is not complete JSON');
      }),
      { numRuns: 30 },
    );
    for (const foreign of ['{}', '[]', 'null', '7', '{"format":"pt"}']) {
      writeFileSync(path, foreign);
      await expectSentence(loadCheckpoint(folder), `${path} is not a checkpoint of tsgpt; give the folder`);
    }
    writeFileSync(path, '{"format":"tsgpt checkpoint"}');
    await expectSentence(loadCheckpoint(folder), `${path} is damaged: architecture is missing; use another`);
  });

  it('says what is wrong with the numbers', async () => {
    const folder = await savedFolder();
    const path = join(folder, 'step-3.model.safetensors');
    const whole = readFileSync(path);
    const lengths = fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: whole.length - 1 }));
    await fc.assert(
      fc.asyncProperty(lengths, async (length) => {
        writeFileSync(path, whole);
        truncateSync(path, length);
        await expectSentence(loadCheckpoint(folder), path);
        // Nobody else has these numbers.
        await expectSentence(loadCheckpoint(folder), '; use another checkpoint of the run, or train again');
      }),
      { numRuns: 50 },
    );

    await writeSafetensors(path, [{ name: 'wte.weight', shape: [2], data: new Float32Array(2) }]);
    await expectSentence(loadCheckpoint(folder), 'holds a tensor wte.weight, which the model does not have');
    await writeSafetensors(path, [{ name: 'finalNorm.bias', shape: [16], data: new Float32Array(16) }]);
    await expectSentence(loadCheckpoint(folder), 'has no tensor tokenEmbedding.weight, which the model needs');
    const tensors = [...model.namedParameters()].map(([name, { shape, value }]) => ({ name, shape, data: value }));
    const doubles = tensors.map((tensor) => ({ ...tensor, data: Float64Array.from(tensor.data) }));
    await writeSafetensors(path, doubles);
    await expectSentence(loadCheckpoint(folder), 'holds F64, but checkpoints hold F32');
  });

  it.each([
    [{ nLayers: 2 }, 'have no tensor blocks.1.attentionNorm.weight;'],
    [{ embDim: 32 }, 'tensor tokenEmbedding.weight is [8, 16], but the configuration needs [8, 32]'],
    [{ embDim: 1e15 }, 'tensor tokenEmbedding.weight is [8, 16], but the configuration needs [8, 1000000000000000]'],
    [{ contextLength: 4 }, 'tensor positionEmbedding.weight is [8, 16], but the configuration needs [4, 16]'],
    [{ qkvBias: false }, 'query.bias, which the model does not have'],
    [{ tiedHead: true }, 'head.weight, which the model does not have'],
    [{ vocabSize: 9 }, 'tensor tokenEmbedding.weight is [8, 16], but the configuration needs [9, 16]'],
    [{ vocabSize: 7 }, 'its tokenizer has 8 tokens, but its model only 7'],
    [{ nHeads: 3 }, 'does not divide evenly among 3 heads'],
    [{ nHeads: '2' }, 'nHeads must be a number, but is "2"'],
    [{ dropRate: 1 }, 'dropRate must be at least 0 and less than 1'],
  ])('says where a configuration with %j disagrees', async (changes, about) => {
    const folder = await savedFolder();
    edit(join(folder, 'best.json'), { config: { ...model.config, ...changes } });
    await expectSentence(loadCheckpoint(folder), about);
    await expectSentence(loadCheckpoint(folder), folder);
  });

  it('says when the tokenizer does not fit', async () => {
    const folder = await savedFolder();
    const path = join(folder, 'best.json');
    edit(path, { tokenizer: new GPT2Tokenizer().toJSON() });
    await expectSentence(loadCheckpoint(folder), 'its tokenizer has 50257 tokens, but its model only 8');
    for (const tokenizer of [null, {}, { kind: 'char' }, { kind: 'words' }, 'gpt2']) {
      edit(path, { tokenizer });
      await expectSentence(loadCheckpoint(folder), 'this does not describe a tokenizer');
    }
    edit(path, { tokenizer: { kind: 'char', characters: 'aab' } });
    await expectSentence(loadCheckpoint(folder), 'a character occurs twice');
  });

  it('reads nothing outside the folder, wherever the JSON file points', async () => {
    const folder = await savedFolder();
    const inner = join(folder, 'inner');
    await saveCheckpoint(inner, ['best'], { model: tinyModel({}, 99), tokenizer: tinyTokenizer, step: 8 });
    const outside = join(folder, 'step-3.model.safetensors');
    for (const name of ['../step-3.model.safetensors', outside, './../inner/../step-3.model.safetensors']) {
      edit(join(inner, 'best.json'), { model: name });
      const missing = join(inner, 'step-3.model.safetensors');
      await expectSentence(loadCheckpoint(inner), `cannot read ${missing}: there is no such file`);
    }
    for (const name of ['..', '.', '', '../', '/']) {
      edit(join(inner, 'best.json'), { model: name });
      await expectSentence(loadCheckpoint(inner), 'cannot read');
    }
  });

  it('and resuming fail with one sentence, whatever is in the JSON file', async () => {
    const folder = temporaryFolder();
    for await (const _ of trainInFolder({ ...newRun(folder), options: { ...tinyOptions, steps: 2 } }));
    const path = join(folder, 'last.json');
    const whole = JSON.parse(readFileSync(path, 'utf8'));
    const strange = fc.constantFrom<unknown>(
      undefined,
      null,
      '',
      'constructor',
      '../x',
      -1,
      0,
      1.5,
      1e15,
      [],
      {},
      true,
    );
    const places = fc.constantFrom(...placesIn(whole));
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(places, strange, async (place, value) => {
        writeFileSync(path, JSON.stringify(replaced(whole, place, value)));
        const resume = async () => {
          for await (const _ of trainInFolder({ ...(await resumedRun(folder)), signal: AbortSignal.abort() }));
        };
        const error: unknown = await resume().catch((error: unknown) => error);
        if (error === undefined) return; // another seed, for example, is just as valid
        refused++;
        expect(error, `${place.join('.')} = ${JSON.stringify(value)}`).toBeInstanceOf(TsgptError);
        expect((error as Error).message).not.toContain('\n');
      }),
      { numRuns: 300, seed: 4 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});

/** The path to every value inside a JSON value. */
function placesIn(json: unknown): string[][] {
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([key, value]) => [[key], ...placesIn(value).map((rest) => [key, ...rest])]);
}

function replaced(json: unknown, [key, ...rest]: string[], value: unknown): unknown {
  const copy = structuredClone(json) as Record<string, unknown>;
  copy[key!] = rest.length === 0 ? value : replaced(copy[key!], rest, value);
  return copy;
}

describe('training in a folder', () => {
  it('keeps the best weights beside the last ones', async () => {
    const folder = temporaryFolder();
    // The model learns such a short text by heart and predicts other letters worse and worse.
    const text = { train: tinyText.train.subarray(0, 40), validation: tinyText.validation };
    const options = { ...tinyOptions, steps: 80, learningRate: 0.03, evalInterval: 10 };
    const model = tinyModel();
    for await (const _ of trainInFolder({ ...newRun(folder), model, text, options }));

    const evaluations = readLog(folder).filter(({ validationLoss }) => validationLoss !== undefined);
    const [lowest] = evaluations.toSorted((a, b) => a.validationLoss! - b.validationLoss!);
    expect(lowest!.step).toBeLessThan(80);
    for (const [name, { step, validationLoss }] of [
      ['best', lowest!],
      ['last', evaluations.at(-1)!],
    ] as const) {
      const loaded = await loadCheckpoint(folder, name);
      expect([loaded.file.step, loaded.file.validationLoss]).toEqual([step, validationLoss]);
      expect(await textTrainer(loaded.model, text, options).evaluate()).toBe(validationLoss);
    }
  });
});
