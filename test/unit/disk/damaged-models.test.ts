import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { saveGguf, savePretrained } from '../../../src/disk/pretrained.ts';
import { Decoder } from '../../../src/generate/index.ts';
import { CharTokenizer } from '../../../src/tokenizer/index.ts';
import { loadModel } from '../../support/load-model.ts';
import { tinyGPT2, tinyLlama } from '../../support/tiny-models.ts';

// Whole models are damaged, loaded and used. Whatever the reader of a format lets through, a later check must find.

const mutations = Number(process.env.TSGPT_MUTATIONS ?? 150);
const root = mkdtempSync(join(tmpdir(), 'tsgpt-damaged-'));
afterAll(() => rmSync(root, { recursive: true }));

const tokenizer = new CharTokenizer('abcdefghijklmnopqrstuvwxyz \n');
const models = { gpt2: tinyGPT2, llama: tinyLlama };

beforeAll(async () => {
  for (const [name, create] of Object.entries(models)) {
    await savePretrained(join(root, name), { model: create(), tokenizer, stopTokens: [1] });
    await saveGguf(join(root, `${name}.gguf`), { model: create(), tokenizer });
  }
});

/** Loads a model and has it write two tokens. If the model is refused, the error must be one sentence. */
async function outcome(path: string): Promise<'used' | 'refused'> {
  let decoder: Decoder | undefined;
  try {
    const { model } = await loadModel(path);
    decoder = new Decoder(model);
    const cache = decoder.createCache();
    for (const token of [1, 2]) await decoder.append(cache, [[token]]);
    return 'used';
  } catch (error) {
    if (error instanceof TsgptError && !error.message.includes('\n')) return 'refused';
    throw error;
  } finally {
    await decoder?.dispose();
  }
}

const kilobyte = 1024;

/** Tries damages of one file of a model, `path`; the rest of it stays whole. */
async function tryDamages<T>(
  model: string,
  path: string,
  damages: fc.Arbitrary<T>,
  damage: (valid: Buffer, by: T) => Buffer,
) {
  const valid = readFileSync(path);
  expect(await outcome(model)).toBe('used');
  const outcomes = { used: 0, refused: 0 };
  let slowest = 0;
  const before = process.resourceUsage().maxRSS;
  try {
    await fc.assert(
      fc.asyncProperty(damages, async (by) => {
        writeFileSync(path, damage(valid, by));
        const start = performance.now();
        outcomes[await outcome(model)]++;
        slowest = Math.max(slowest, performance.now() - start);
      }),
      { numRuns: mutations },
    );
  } finally {
    writeFileSync(path, valid);
  }
  expect(slowest).toBeLessThan(5000); // milliseconds; a hundredth is usual, but other programs may run
  // The sessions of the models that were used take some, freed or not; an allocation of what a header asks for would be gigabytes.
  expect(process.resourceUsage().maxRSS - before).toBeLessThan(500 * kilobyte);
  expect(outcomes.refused).toBeGreaterThan(0.1 * mutations); // else the damage does not reach what is checked
  return outcomes;
}

/** Changes of bytes within the first `length`. */
const edits = (length: number) =>
  fc.array(
    fc.record({
      kind: fc.constantFrom('change', 'remove', 'add', 'cut', 'number'),
      at: fc.nat(length - 1),
      byte: fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('{}[]",:-.0123456789eE'))),
      number: fc.constantFrom(0, 1, 3, 255, 65_536, 2 ** 31, 2 ** 32 - 1),
    }),
    { minLength: 1, maxLength: 3 },
  );

type Edits = ReturnType<typeof edits> extends fc.Arbitrary<infer T> ? T : never;

function edited(valid: Buffer, by: Edits): Buffer {
  let bytes = Buffer.from(valid);
  for (const { kind, at, byte, number } of by) {
    if (at + 4 > bytes.length) continue;
    if (kind === 'change') bytes[at] = byte;
    if (kind === 'remove') bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    if (kind === 'add') bytes = Buffer.concat([bytes.subarray(0, at), Buffer.of(byte), bytes.subarray(at)]);
    if (kind === 'cut') bytes = bytes.subarray(0, at);
    if (kind === 'number') bytes.writeUInt32LE(number, at);
  }
  return bytes;
}

describe.each(Object.keys(models))('a damaged %s is used or refused, quickly and in little memory:', (name) => {
  const folder = join(root, name);

  it('the header of its weights', async () => {
    const path = join(folder, 'model.safetensors');
    const length = 8 + Number(readFileSync(path).readBigUInt64LE(0));
    await tryDamages(folder, path, edits(length), edited);
  });

  it('the values in its config.json', async () => {
    const path = join(folder, 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8'));
    const value = fc.oneof(
      fc.constantFrom(
        0,
        1,
        2,
        3,
        16,
        -1,
        0.5,
        1e9,
        2 ** 31,
        1e15,
        2 ** 53,
        1e308,
        '',
        'x',
        '16',
        null,
        true,
        [],
        [1],
        {},
        undefined,
      ),
      fc.integer(),
      fc.double({ noNaN: true }),
    );
    const change = fc.record({ key: fc.constantFrom(...Object.keys(config)), value });
    const { used } = await tryDamages(folder, path, fc.array(change, { minLength: 1, maxLength: 2 }), (_, changes) => {
      const changed = changes.map(({ key, value }) => [key, value]);
      return Buffer.from(JSON.stringify({ ...config, ...Object.fromEntries(changed) }));
    });
    expect(used).toBeGreaterThan(0); // some fields say nothing of the computation
  });

  it.each(['config.json', 'tokenizer.json', 'tokenizer_config.json', 'generation_config.json'])(
    'the bytes of its %s',
    async (file) => {
      const path = join(folder, file);
      await tryDamages(folder, path, edits(readFileSync(path).length), edited);
    },
  );

  it('the header of its GGUF file', async () => {
    const path = `${folder}.gguf`;
    const bytes = readFileSync(path);
    const last = Math.max(...['token_embd.weight', 'output_norm.weight'].map((tensor) => bytes.lastIndexOf(tensor)));
    await tryDamages(path, path, edits(last + 40), edited);
  });
});
