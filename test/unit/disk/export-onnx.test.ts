import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportOnnx } from '../../../src/disk/export-onnx.ts';
import { savePretrained } from '../../../src/disk/pretrained.ts';
import { Decoder, type Quantization } from '../../../src/generate/index.ts';
import { onnxDecoder } from '../../../src/generate/onnx-decoder.ts';
import { quantizedStorage } from '../../../src/generate/quantization.ts';
import { CharTokenizer } from '../../../src/tokenizer/index.ts';
import { models } from '../../support/export-models.ts';
import { loadModel } from '../../support/load-model.ts';
import { DecoderSession } from '../../support/onnx-session.ts';

const tokenizer = new CharTokenizer(' abcdefghijklmnopqrstuvwxyz');
const ids = tokenizer.encode('it was written');

describe('exportOnnx', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'tsgpt-export-'));
  });
  afterAll(() => rm(root, { recursive: true }));
  const jsonIn = async (...path: string[]) => JSON.parse(await readFile(join(root, ...path), 'utf8'));
  const allFiles = async (folder: string) => (await readdir(join(root, folder), { recursive: true })).sort();

  it.each(models)('writes %s with the files that savePretrained writes', async (name, model) => {
    await exportOnnx(join(root, name), { model, tokenizer, stopTokens: [5, 7] });
    expect(await allFiles(name)).toEqual(
      [
        ...['config.json', 'generation_config.json', 'onnx', join('onnx', 'model.onnx')],
        ...['tokenizer.json', 'tokenizer_config.json'],
      ].sort(),
    );
    const published = `${name}, published`;
    await savePretrained(join(root, published), { model, tokenizer, stopTokens: [5, 7] });
    const { 'transformers.js_config': settings, ...config } = await jsonIn(name, 'config.json');
    expect(config).toEqual(await jsonIn(published, 'config.json'));
    expect(settings).toEqual({ dtype: 'fp32', use_external_data_format: {} });
    for (const file of ['generation_config.json', 'tokenizer.json', 'tokenizer_config.json']) {
      expect(await jsonIn(name, file)).toEqual(await jsonIn(published, file));
    }
    expect((await jsonIn(name, 'generation_config.json')).eos_token_id).toEqual([5, 7]);

    // What has been published computes the same as what has been exported.
    const { model: again } = await loadModel(join(root, published));
    const [expected] = await lastLogits(new Decoder(again));
    const session = await DecoderSession.open(join(root, name, 'onnx', 'model.onnx'));
    expectClose((await session.append([ids]))[0]!.at(-1)!, expected!, 1e-4);
  });

  const files = { q8: 'model_quantized.onnx', q4: 'model_q4.onnx' };
  describe.each(['q8', 'q4'] as const)('with weights as %s', (quantize: Quantization) => {
    it.each(models)('%s computes what the decoder with such weights computes', async (name, model) => {
      const folder = join(root, `${name} ${quantize}`);
      await exportOnnx(folder, { model }, { dtypes: [quantize] });
      expect(await readdir(join(folder, 'onnx'))).toEqual([files[quantize]]);
      const { 'transformers.js_config': settings } = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
      expect(settings.dtype).toBe(quantize);

      const session = await DecoderSession.open(join(folder, 'onnx', files[quantize]));
      const actual = (await session.append([ids]))[0]!.at(-1)!;
      const [exact] = await lastLogits(new Decoder(model));
      const [expected, spread] = await lastLogits(new Decoder(model, { quantize }));
      // Products also round their input to 8 bits. Where attention differs in the last digit, the rounding may go the other way.
      expectClose(actual, expected!, 0.002 * spread);
      expect(Math.max(...difference(expected!, exact!))).toBeGreaterThan(0.005 * spread);
    });

    it('uses one operator that is not of ONNX itself, for the products', () => {
      for (const [, model] of models) {
        const { nodes } = onnxDecoder(model, quantizedStorage(model, quantize));
        const others = nodes.filter(({ domain }) => domain).map(({ domain, operator }) => `${domain}.${operator}`);
        expect(new Set(others)).toEqual(new Set(['com.microsoft.MatMulNBits']));
      }
    });
  });

  it('writes weights in several forms side by side; the first is used if nothing is said', async () => {
    const [, model] = models[0]!;
    await exportOnnx(join(root, 'several'), { model }, { dtypes: ['q4', 'fp32', 'q4'] });
    expect(await allFiles('several/onnx')).toEqual(['model.onnx', 'model_q4.onnx']);
    expect((await jsonIn('several', 'config.json'))['transformers.js_config'].dtype).toBe('q4');
  });

  it('replaces such a folder on request only, and none with other files in it', async () => {
    const [, model] = models[0]!;
    const folder = join(root, 'replaced');
    await exportOnnx(folder, { model, tokenizer });
    await expect(exportOnnx(folder, { model })).rejects.toThrow('already holds');
    await exportOnnx(folder, { model }, { overwrite: true });
    expect(await readdir(folder)).not.toContain('tokenizer.json');
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await expect(exportOnnx(folder, { model }, { overwrite: true })).rejects.toThrow('already holds notes.txt');
    expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
  });

  it('says what cannot be written, and then leaves nothing behind', async () => {
    const [, model] = models[0]!;
    const folder = join(root, 'never');
    const large = new CharTokenizer('abcdefghijklmnopqrstuvwxyz0123456789');
    await expect(exportOnnx(folder, { model, tokenizer: large })).rejects.toThrow('36 tokens, but the model only 31');
    const options = { dtypes: ['fp16' as never] };
    await expect(exportOnnx(folder, { model }, options)).rejects.toThrow("fp32, q8, q4, but not as 'fp16'");
    await expect(exportOnnx(folder, { model }, { dtypes: [] })).rejects.toThrow('but not as nothing');
    expect(await readdir(root)).not.toContain('never');
  });
});

/** The logits after the text, and how far apart they are. */
async function lastLogits(decoder: Decoder): Promise<[Float32Array, number]> {
  await using disposable = decoder;
  const [logits] = await disposable.append(disposable.createCache(), [ids]);
  return [logits!, Math.max(...logits!) - Math.min(...logits!)];
}

function difference(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => Math.abs(value - b[i]!));
}

function expectClose(actual: Float32Array, expected: Float32Array, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  expect(Math.max(...difference(actual, expected))).toBeLessThan(tolerance);
}
