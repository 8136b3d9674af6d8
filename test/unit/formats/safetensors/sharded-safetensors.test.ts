import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TsgptError } from '../../../../src/core/errors.ts';
import { openSafetensors, openSafetensorsFolder, writeSafetensors } from '../../../../src/disk/safetensors.ts';
import { INDEX_FILE, parseSafetensorsIndex } from '../../../../src/formats/safetensors/sharded.ts';
import { hasShared, shared } from '../../../support/shared.ts';

let root: string;
let folder: string;
let count = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tsgpt-shards-'));
});
beforeEach(() => {
  folder = join(root, `${count++}`);
  mkdirSync(folder);
});
afterAll(() => rmSync(root, { recursive: true }));

const one = 'model-00001-of-00002.safetensors';
const two = 'model-00002-of-00002.safetensors';

/** A model of four tensors in two shards; the second has a tensor that the index does not name. */
async function writeModel(target = folder): Promise<void> {
  await writeSafetensors(join(target, one), [
    { name: 'wte.weight', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
    { name: 'half', shape: [2], data: Uint16Array.of(0x3c00, 0xc000), dtype: 'F16' },
  ]);
  await writeSafetensors(join(target, two), [
    { name: 'brain', shape: [1, 2], data: Uint16Array.of(0x3f80, 0xc000), dtype: 'BF16' },
    { name: 'ids', shape: [1], data: BigInt64Array.of(50256n) },
    { name: 'masked_bias', shape: [1], data: Float32Array.of(-1e4) },
  ]);
  writeIndex({ 'wte.weight': one, half: one, brain: two, ids: two }, target);
}

function writeIndex(weightMap: unknown, target = folder): void {
  writeFileSync(join(target, INDEX_FILE), JSON.stringify({ metadata: { total_size: 40 }, weight_map: weightMap }));
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(TsgptError);
  return (error as Error).message;
}

describe('a model in shards', () => {
  it('is read as one', async () => {
    await writeModel();
    await using model = await openSafetensorsFolder(folder);
    expect([...model.tensors.keys()].sort()).toEqual(['brain', 'half', 'ids', 'wte.weight']);
    expect(model.tensors.get('brain')).toMatchObject({ dtype: 'BF16', shape: [1, 2], byteLength: 4 });
    expect(model.has('half')).toBe(true);
    expect(await model.readFloats('wte.weight')).toEqual({ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
    expect(await model.readFloats('half')).toEqual({ shape: [2], data: Float32Array.of(1, -2) });
    expect((await model.read('ids', { int32: true })).data).toEqual(Int32Array.of(50256));
    const target = new Float32Array(4).fill(9);
    await model.readInto('brain', target.subarray(1, 3));
    expect([...target]).toEqual([9, 1, -2, 9]);
  });

  it('has the tensors of its index and no others', async () => {
    await writeModel();
    await using model = await openSafetensorsFolder(folder);
    expect(model.has('masked_bias')).toBe(false);
    const message = `${folder} has no tensor masked_bias; it has 4, such as wte.weight, half, ids`;
    expect(await messageOf(model.readFloats('masked_bias'))).toBe(message);
    expect(await messageOf(model.readInto('masked_bias', new Float32Array(1)))).toBe(message);
  });

  it('may consist of links, as in the Hugging Face cache', async () => {
    const blobs = join(folder, 'blobs');
    const snapshot = join(folder, 'snapshot');
    mkdirSync(blobs);
    mkdirSync(snapshot);
    await writeModel(blobs);
    for (const name of [one, two, INDEX_FILE]) symlinkSync(join('..', 'blobs', name), join(snapshot, name));
    await using model = await openSafetensorsFolder(snapshot);
    expect((await model.readFloats('brain')).data).toEqual(Float32Array.of(1, -2));
  });

  it('may have its shards in folders below the index', async () => {
    mkdirSync(join(folder, 'weights', 'second'), { recursive: true });
    await writeModel(join(folder, 'weights'));
    renameSync(join(folder, 'weights', two), join(folder, 'weights', 'second', two));
    const map = { 'wte.weight': `weights/${one}`, brain: `weights/second/${two}` };
    writeIndex(map);
    await using model = await openSafetensorsFolder(folder);
    expect((await model.readFloats('brain')).data).toEqual(Float32Array.of(1, -2));
    expect([...model.tensors.keys()].sort()).toEqual(['brain', 'wte.weight']);
  });

  it('gives way to a single file', async () => {
    await writeModel();
    await writeSafetensors(join(folder, 'model.safetensors'), [{ name: 'w', shape: [1], data: Float32Array.of(7) }]);
    await using model = await openSafetensorsFolder(folder);
    expect([...model.tensors.keys()]).toEqual(['w']);
    expect(await model.readFloats('w')).toEqual({ shape: [1], data: Float32Array.of(7) });
  });

  it.skipIf(!hasShared)('has every bit of the published file it was split from', async () => {
    await using whole = await openSafetensors(shared('models', 'tinystories-656k-llama', 'model.safetensors'));
    const names = [...whole.tensors.keys()];
    const weightMap: Record<string, string> = {};
    for (const [k, shard] of ['a.safetensors', 'b.safetensors', 'c.safetensors'].entries()) {
      const part = names.filter((_, i) => i % 3 === k);
      const tensors = await Promise.all(part.map(async (name) => ({ name, ...(await whole.readFloats(name)) })));
      await writeSafetensors(join(folder, shard), tensors);
      for (const name of part) weightMap[name] = shard;
    }
    writeIndex(weightMap);
    await using model = await openSafetensorsFolder(folder);
    expect([...model.tensors.keys()].sort()).toEqual(names.sort());
    for (const name of names) expect(await model.readFloats(name)).toEqual(await whole.readFloats(name));
  });
});

describe('a model in shards that cannot be read', () => {
  const cases: Record<string, [() => unknown, string]> = {
    'a missing shard': [
      () => rmSync(join(folder, two)),
      `names ${two}, but there is no such file in the folder; download the model again`,
    ],
    'a link to nowhere': [
      () => {
        rmSync(join(folder, two));
        symlinkSync(join(folder, 'nowhere'), join(folder, two));
      },
      `names ${two}, but there is no such file`,
    ],
    'a truncated shard': [
      () => writeFileSync(join(folder, two), new Uint8Array(7)),
      `${two} is not a safetensors file`,
    ],
    'a folder as shard': [
      () => {
        rmSync(join(folder, two));
        mkdirSync(join(folder, two));
      },
      `${two}: it is a folder or a device`,
    ],
    'a tensor that its shard does not have': [
      () => writeIndex({ 'wte.weight': one, wpe: two }),
      `${INDEX_FILE} places tensor wpe in ${two}, which does not have it;`,
    ],
    'a tensor in another shard': [
      () => writeIndex({ 'wte.weight': two, half: one }),
      `tensor wte.weight is in ${one}, but ${INDEX_FILE} places it in ${two};`,
    ],
    'a tensor in two shards': [
      () => writeSafetensors(join(folder, two), [{ name: 'half', shape: [1], data: Float32Array.of(1) }]),
      `tensor half is in ${two}, but ${INDEX_FILE} places it in ${one};`,
    ],
    'an index that is not JSON': [
      () => writeFileSync(join(folder, INDEX_FILE), '{"weight_map": {'),
      'is not complete JSON;',
    ],
    'an index that is a list': [() => writeFileSync(join(folder, INDEX_FILE), '[]'), 'it has no weight_map;'],
    'an index without a map': [() => writeFileSync(join(folder, INDEX_FILE), '{"metadata": {}}'), 'has no weight_map;'],
    'a map that is a list': [() => writeIndex([one]), 'it has no weight_map;'],
    'an empty map': [() => writeIndex({}), 'names no tensor and no file;'],
    'a name twice': [
      () => writeFileSync(join(folder, INDEX_FILE), `{"weight_map": {"w": "${one}", "w": "${two}"}}`),
      'it has the name w twice;',
    ],
    'a number for a file': [() => writeIndex({ w: 1 }), 'it places tensor w in 1, which is not the name of'],
    'a name with a line break': [() => writeIndex({ 'w\n\u001b[2J': '' }), 'tensor w\\u{a}\\u{1b}[2J in "", which'],
    'no index': [
      () => rmSync(join(folder, INDEX_FILE)),
      `has neither model.safetensors nor ${INDEX_FILE}, only ${one}, ${two};`,
    ],
  };
  const names = ['', '.', '..', 'shard.bin', '../x.safetensors', '/etc/x.safetensors', 'sub/../x.safetensors'];
  names.push('sub//x.safetensors', '.hidden/x.safetensors', 'sub/./x.safetensors');
  names.push('C:x.safetensors', 'sub\\x.safetensors', 'C:\\x.safetensors', '\\\\host\\share\\x.safetensors');
  names.push('a\0b.safetensors', 'a\nb.safetensors', 'x.safetensors/..', 'x.safetensors\n');
  for (const shard of names) {
    cases[`a shard named ${JSON.stringify(shard)}`] = [
      () => writeIndex({ 'wte.weight': one, w: shard }),
      'which is not the name of a .safetensors file in the same folder or below it;',
    ];
  }

  for (const [title, [damage, message]] of Object.entries(cases)) {
    it(`${title} is one clear sentence`, async () => {
      await writeModel();
      await damage();
      const found = await messageOf(openSafetensorsFolder(folder));
      expect(found).toContain(message);
      expect(found).toContain(folder);
      expect(found).toMatch(/^[^A-Z\n][^\n]*; [^\n;]*[^\n;.]$/); // what is wrong; what to do
    });
  }

  it('a file outside the folder is not opened although it is there', async () => {
    await writeModel();
    await writeSafetensors(join(root, 'secret.safetensors'), [{ name: 'w', shape: [1], data: Float32Array.of(1) }]);
    writeIndex({ w: '../secret.safetensors' });
    expect(await messageOf(openSafetensorsFolder(folder))).toContain('a .safetensors file in the same folder');
  });

  it('no folder, or a file', async () => {
    expect(await messageOf(openSafetensorsFolder(join(folder, 'none')))).toMatch(
      /there is no such folder; check the path/,
    );
    writeFileSync(join(folder, 'file'), '');
    expect(await messageOf(openSafetensorsFolder(join(folder, 'file')))).toMatch(/it is a file; give the folder/);
  });

  it('is read or refused with random damage to the index', async () => {
    const valid = JSON.stringify({ metadata: { total_size: 8 }, weight_map: { w: one, 'h.0.ln_1.bias': two } });
    const edit = fc.tuple(
      fc.nat(valid.length - 1),
      fc.nat(2),
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 2 }),
        fc.constantFrom(...'{}[]",:\\/.0-eE', '__proto__', '\\u0000'),
      ),
    );
    const outcomes = { read: 0, refused: 0 };
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        let text = valid;
        for (const [at, removed, added] of edits) text = text.slice(0, at) + added + text.slice(at + removed);
        try {
          for (const shard of parseSafetensorsIndex(text, 'index').values()) {
            expect(join('/models/gpt2', shard)).toMatch(/^\/models\/gpt2\/[^\\]+$/);
          }
          outcomes.read++;
        } catch (error) {
          if (!(error instanceof TsgptError && !error.message.includes('\n'))) throw error;
          outcomes.refused++;
        }
      }),
      { numRuns: Number(process.env.TSGPT_MUTATIONS ?? 500) },
    );
    expect(outcomes.refused).toBeGreaterThan(100);
    expect(outcomes.read).toBeGreaterThan(0);
  });
});

describe('memory', () => {
  it('grows by one tensor while a whole model is read tensor by tensor', async () => {
    // 12 tensors of 8 Mi halves: 16 MiB each in the file, 32 MiB as float32, 384 MiB together.
    const elements = 1 << 23;
    const data = new Uint16Array(elements).fill(0x3c00);
    const weightMap: Record<string, string> = {};
    for (const shard of ['a.safetensors', 'b.safetensors', 'c.safetensors']) {
      const names = [0, 1, 2, 3].map((i) => `${shard}.${i}`);
      await writeSafetensors(
        join(folder, shard),
        names.map((name) => ({ name, shape: [elements], data, dtype: 'BF16' as const })),
      );
      for (const name of names) weightMap[name] = shard;
    }
    writeIndex(weightMap);
    const script = join(folder, 'read.mts');
    const source = pathToFileURL(resolve('src/disk/safetensors.ts')).href;
    writeFileSync(
      script,
      `import { openSafetensorsFolder } from ${JSON.stringify(source)};
       const peak = () => process.resourceUsage().maxRSS * 1024;
       const before = peak();
       const model = await openSafetensorsFolder(${JSON.stringify(folder)});
       const target = new Float32Array(${elements});
       for (const name of model.tensors.keys()) await model.readInto(name, target);
       const into = peak() - before;
       for (const name of model.tensors.keys()) { await model.readFloats(name); globalThis.gc(); }
       console.log(JSON.stringify({ into, floats: peak() - before }));`,
    );
    const output = execFileSync(process.execPath, ['--expose-gc', '--import', 'tsx', script], { encoding: 'utf8' });
    const { into, floats } = JSON.parse(output);
    const tensor = 4 * elements;
    expect(into).toBeGreaterThan(tensor / 2); // else the measurement measures nothing
    expect(into).toBeLessThan(1.5 * tensor);
    expect(floats).toBeLessThan(4 * tensor); // the target, the tensor at hand, and what is being freed meanwhile
  });
});
