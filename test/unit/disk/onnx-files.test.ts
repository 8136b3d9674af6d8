import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toOnnx } from '../../../src/compile/index.ts';
import { writeOnnxFiles } from '../../../src/disk/onnx-files.ts';
import { Random } from '../../../src/random/random.ts';
import { randn } from '../../../src/tensor/index.ts';

const random = new Random(4);
const width = 128; // 128 x 128 float32 numbers are 64 KiB, with one row more they go to another file
const weights = [130, 129, 200, 300].map((rows, i) => randn([rows, width], random).named(`weight ${i}`));
const bias = randn([width], random).named('bias');
const model = toOnnx([{ name: 'x', shape: [1, width], dtype: 'float32' }], (x) => ({
  y: weights.reduce((y, weight) => y.add(weight.mean(0)), x!.add(bias)),
}));
const expected = await weights.reduce((y, weight) => y.add(weight.mean(0)), bias).data();
const kilobytes = (count: number) => 1024 * count;

describe('writing an ONNX model', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tsgpt-onnx-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const write = async (name: string, maxBytes?: number) => {
    const count = await writeOnnxFiles(join(folder, name), model, maxBytes);
    const files = (await readdir(folder)).filter((file) => file.startsWith(name)).sort();
    expect(files).toHaveLength(count + 1);
    const session = await ort.InferenceSession.create(join(folder, name));
    const { y } = await session.run({ x: new ort.Tensor('float32', new Float32Array(width), [1, width]) });
    await session.release();
    expect(Math.max(...expected.map((value, i) => Math.abs(value - Number(y!.data[i]))))).toBeLessThan(1e-6);
    return files;
  };

  it('puts all into one file as long as it can be one', async () => {
    expect(await write('one.onnx')).toEqual(['one.onnx']);
    const bytes = model.initializers.reduce((total, { data }) => total + data.length, 0);
    expect(await write('exact.onnx', bytes)).toEqual(['exact.onnx']);
    expect(await write('below.onnx', bytes - 1)).toHaveLength(3);
  });

  it('puts large weights into files beside it otherwise, where they can be mapped into memory', async () => {
    const names = ['', '_data', '_data_1'].map((end) => `beside.onnx${end}`);
    expect(await write('beside.onnx', kilobytes(300))).toEqual(names);
    expect((await stat(join(folder, 'beside.onnx'))).size).toBeLessThan(kilobytes(4));
    const [first, second] = await Promise.all(names.slice(1).map((name) => readFile(join(folder, name))));
    const bytes = await Promise.all(
      weights.map(async (weight) => Buffer.from((await weight.data()).buffer as ArrayBuffer)),
    );
    const gap = (length: number) => Buffer.alloc(Math.ceil(length / 4096) * 4096 - length);
    const [a, b, c, d] = bytes as [Buffer, Buffer, Buffer, Buffer];
    expect(first!.equals(Buffer.concat([a, gap(a.length), b, gap(b.length), c]))).toBe(true);
    expect(second!.equals(d)).toBe(true);
  });

  it('gives a file of its own to what is larger than a file should be', async () => {
    const names = ['', '_data', '_data_1', '_data_2', '_data_3'].map((end) => `many.onnx${end}`);
    expect(await write('many.onnx', kilobytes(70))).toEqual(names);
  });
});
