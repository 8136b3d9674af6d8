import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../../src/disk/run/index.ts';
import { openSafetensors } from '../../src/disk/safetensors.ts';
import { loadModel } from '../support/load-model.ts';
import { DecoderSession } from '../support/onnx-session.ts';
import { expectSentence, temporaryFolder, tiny, trainedFolder, tsgpt } from '../support/run-cli.ts';
import { weightsOfModel } from '../support/tiny-models.ts';

describe('tsgpt convert', () => {
  const run = join(mkdtempSync(join(tmpdir(), 'tsgpt-convert-')), 'run');
  let weights: Record<string, Float32Array>;
  beforeAll(async () => {
    const text = join(dirname(run), 'text.txt');
    writeFileSync(text, 'the cat sat on the mat.\n'.repeat(30));
    expect((await tsgpt('train', text, '--out', run, ...tiny, '--emb-dim', '32')).code).toBe(0);
    weights = weightsOfModel((await loadCheckpoint(run)).model);
  });
  afterAll(() => rmSync(dirname(run), { recursive: true }));
  const target = (name: string) => join(temporaryFolder(), name);

  it('tells of matrices that cannot be quantized', async () => {
    const narrow = join(await trainedFolder(), 'last.json');
    const { code, stdout } = await tsgpt('convert', narrow, target('narrow.gguf'), '--type', 'q8');
    expect(code).toBe(0);
    // Width 16: only the matrix whose rows are 4 * 16 = 64 long is quantized.
    expect(stdout).toContain(
      '4 of 5 matrices have rows that are no multiple of 32 and are stored as F16: ' +
        'token_embd.weight, blk.*.attn_qkv.weight, blk.*.attn_output.weight, blk.*.ffn_up.weight.\n',
    );
    expect(await converted(target('wide.gguf'), '--type', 'q8')).not.toContain('stored as F16');

    const onnx = await tsgpt('convert', narrow, target('narrow'), '--to', 'onnx', '--type', 'f32,q4');
    expect(onnx.code).toBe(0);
    expect(onnx.stdout).toContain(
      '6 of 7 matrices have rows that are no multiple of 32 and are stored as float32: tokenEmbedding.weight, ' +
        'blocks.*.attention.query.weight, blocks.*.attention.key.weight, blocks.*.attention.value.weight, ' +
        'blocks.*.attention.output.weight, blocks.*.feedForward.expand.weight.\n',
    );
    expect(await converted(target('wide'), '--to', 'onnx', '--type', 'q8')).not.toContain('stored as');
  });

  it('writes a model without a tokenizer, and says so', async () => {
    const folder = temporaryFolder();
    const bare = join(folder, 'bare');
    await converted(bare);
    for (const name of ['tokenizer.json', 'tokenizer_config.json']) rmSync(join(bare, name));
    for (const [name, form] of Object.entries({
      'a.safetensors': 'safetensors',
      'a.gguf': 'gguf',
      a: 'hf',
      b: 'onnx',
    })) {
      const { code, stdout, stderr } = await tsgpt('convert', bare, join(folder, name), '--to', form);
      expect([code, stderr]).toEqual([0, '']);
      const said = `Written without a tokenizer: ${bare} has no tokenizer; put tokenizer.json`;
      // That file never has one.
      if (form === 'safetensors') expect(stdout).not.toContain('tokenizer');
      else expect(stdout).toContain(said);
    }
    expect(weightsOfModel((await loadModel(join(folder, 'a.gguf'))).model)).toMatchObject(weights);
    const { code, stderr } = await tsgpt('generate', bare);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`error: ${bare} has no tokenizer; put`)]);
  });

  async function converted(path: string, ...flags: string[]): Promise<string> {
    const { code, stdout, stderr } = await tsgpt('convert', run, path, ...flags);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`${path}: gpt2 of `);
    return stdout;
  }

  it.each([
    ['a folder', 'folder', []],
    ['a .gguf file', 'model.gguf', []],
    ['a GGUF file of another name', 'model.bin', ['--to', 'gguf']],
  ])('writes %s that loads back with the same weights', async (_, name, flags) => {
    const path = target(name);
    await converted(path, ...flags);
    const { model, tokenizer } = flags.length > 0 ? await loadModel(path) : await loadModel(path);
    // The published form always has biases for queries, keys and values.
    expect(weightsOfModel(model)).toMatchObject(weights);
    expect(tokenizer!.encode('the cat')).toEqual((await loadCheckpoint(run)).tokenizer.encode('the cat'));
  });

  it.each(['f32', 'f16', 'q8', 'q4'])('writes GGUF files as %s, each smaller than the one before', async (type) => {
    const path = target('model.gguf');
    expect(await converted(path, '--type', type)).toContain(`, ${type}, `);
    const { model } = await loadModel(path);
    const error = Object.entries(weightsOfModel(model)).map(([name, values]) =>
      Math.max(...values.map((value, i) => Math.abs(value - (weights[name]?.[i] ?? 0)))),
    );
    expect(Math.max(...error)).toBeLessThan({ f32: 1e-30, f16: 1e-3, q8: 0.01, q4: 0.2 }[type]!);
  });

  it.each([
    ['f16', 'float16', 2 ** -11],
    ['bf16', 'bfloat16', 2 ** -8],
  ])("writes Hugging Face's layout as %s, in half the size", async (type, name, precision) => {
    for (const place of ['folder', 'model.safetensors']) {
      const path = target(place);
      expect(await converted(path, '--type', type)).toContain(`, ${type}, `);
      const file = place === 'folder' ? join(path, 'model.safetensors') : path;
      await using tensors = await openSafetensors(file);
      expect(new Set([...tensors.tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set([type.toUpperCase()]));
      if (place !== 'folder') continue;
      expect(JSON.parse(readFileSync(join(path, 'config.json'), 'utf8')).torch_dtype).toBe(name);
      for (const [parameter, values] of Object.entries(weightsOfModel((await loadModel(path)).model))) {
        const before = weights[parameter] ?? new Float32Array(values.length);
        for (const [i, value] of values.entries()) {
          expect(Math.abs(value - before[i]!)).toBeLessThanOrEqual(
            Math.max(2 ** -25, Math.abs(before[i]!) * precision),
          );
        }
      }
    }
  });

  it('takes the names other programs have for the types', async () => {
    expect(await converted(target('model.gguf'), '--type', 'Q8_0')).toContain(', q8, ');
  });

  it.each(['model-1.5', 'Llama-3.2-1B', 'runs.new/model'])('takes %s as the name of a folder', async (name) => {
    const path = target(name);
    mkdirSync(dirname(path), { recursive: true });
    await converted(path);
    expect(readdirSync(path)).toContain('config.json');
  });

  it('takes an empty folder that is there as one, whatever its name', async () => {
    const path = target('model.web');
    mkdirSync(path);
    await converted(path);
    expect(readdirSync(path)).toContain('config.json');
  });

  it('writes only the weights', async () => {
    const path = target('model.safetensors');
    await converted(path);
    await using file = await openSafetensors(path);
    expect((await file.readFloats('transformer.wte.weight')).data).toEqual(weights['tokenEmbedding.weight']);
  });

  it('writes an ONNX model in several types, which ONNX Runtime runs', async () => {
    const path = target('web');
    expect(await converted(path, '--to', 'onnx', '--type', 'f32,q8')).toContain(', f32 and q8, ');
    expect(readdirSync(join(path, 'onnx')).sort()).toEqual(['model.onnx', 'model_quantized.onnx']);
    expect(readdirSync(path)).toContain('config.json');
    for (const file of readdirSync(join(path, 'onnx'))) {
      const { session } = await DecoderSession.open(join(path, 'onnx', file));
      expect(session.inputNames).toContain('input_ids');
    }
  });

  it('replaces what is there only if told', async () => {
    const path = target('model.gguf');
    await converted(path);
    expectSentence(
      await tsgpt('convert', run, path),
      'already exists; choose another name, or replace it with --force',
    );
    await converted(path, '--force');
    const folder = target('folder');
    mkdirSync(folder);
    writeFileSync(join(folder, 'diary.txt'), 'mine');
    expectSentence(await tsgpt('convert', run, folder), 'already exists');
    expectSentence(await tsgpt('convert', run, folder, '--force'), 'it already holds diary.txt');
    expect(readdirSync(folder)).toEqual(['diary.txt']);
  });

  it.each([
    [
      'model.txt',
      [],
      'does not tell which format to write; name it like one of name.gguf, name.safetensors, folder, or give --to',
    ],
    ['model.foo', [], 'does not tell which format to write'],
    ['model.gguf2', [], 'does not tell which format to write'],
    ['folder', ['--type', 'q8'], 'which stores weights as f32, f16, bf16, not as q8'],
    ['model.safetensors', ['--type', 'q4'], 'which stores weights as f32, f16, bf16, not as q4'],
    ['model.onnx', [], 'ONNX is written as a folder; name one, with --to onnx'],
    ['model.gguf', ['--type', 'f32,q8'], 'which stores weights as one type, not as f32 and q8'],
    ['model.gguf', ['--type', 'q5'], 'Allowed choices are f32, f16, bf16, q8, q4'],
    ['web', ['--to', 'onnx', '--type', 'f16'], 'which stores weights as f32, q8, q4, not as f16'],
    ['web', ['--to', 'pdf'], 'Allowed choices are gguf, safetensors, hf, onnx'],
    [join('missing', 'model.gguf'), [], 'to write'],
  ])('refuses %s %j in one sentence and writes nothing', async (name, flags, message) => {
    const folder = temporaryFolder();
    const outcome = await tsgpt('convert', run, join(folder, name), ...flags);
    expect(outcome.stderr).toMatch(/^error: [^\n]+\n$/);
    expect(outcome.stderr.toLowerCase()).toContain(message.toLowerCase());
    expect(outcome.code).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });
});
