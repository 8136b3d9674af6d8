import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TsgptError } from '../../../../src/core/errors.ts';
import { sizeOf } from '../../../../src/core/shape.ts';
import { openGguf, writeGguf } from '../../../../src/disk/gguf.ts';
import {
  type GgufTensorToWrite,
  type MetadataToWrite,
  openGgufBytes,
  uint32,
} from '../../../../src/formats/gguf/index.ts';
import { GgufReader } from '../../../../src/formats/gguf/reader.ts';
import type { WeightSource } from '../../../../src/models/index.ts';

/**
 * Written by llama.cpp's own library (ggml of v0.5.0: gguf_set_val_*, gguf_add_tensor, gguf_write_to_file), compressed. Its
 * tensors hold the first numbers of f(i) = sin(0.7 i) * i / 64.
 */
const writtenByGgml = gunzipSync(
  Buffer.from(
    'H4sIAJD2A2sC/3N3D3VjZmBgYGeAAAEoLQKl01PzUosSc/QSi5IzMktSk0tKi1I5gOIsUPmS1OISmN4yvdLMvBILEPM/G1wMJMQIZDVwoCgz' +
      'NGMCqfvPjqzQ0AzkFnSlxkYsYKVoio2NWCG8Bk64cFpOfiJQAmT72TNnbFHNMTPhgpqDYZaZCTeQ+RsqhWaemQkPkDNrJgjstEf4LCk/Pwdk' +
      'CiPCmuKSosy8dBCfCyqWl3h4fVmqwqOmNRyophaDbAEZxsQAAwfsQQRK0IFVsSKpgjmdE81OsEKQFcxQCWjgMBxZUJKRCrOBEUonwlSlGRsx' +
      'IWlCuAUB4EohscOEZhQzEl8ByoaljiSgHkaoN0FADogd0NQUWsQbIOsF+SEBXY0JqhqQGxagOTkTnMpgrpEAhSS6KaaopoBc9YCBMCh+rWKT' +
      '7/bHpnyPqu3E5tU2wQ0P9iBk1RUfqetpxqiyLMeuW8Xmj42q7WobZD0I4CjNwMzJzfbj5aNXjLIGukIvj+2+xGwR7id7c9GU3Wwh9fnq+N1m' +
      'vPrEjnZ3DYvMVS9/HGs1ZZfMQZVnZGJmoAQAAGZ/u00gBAAA',
    'base64',
  ),
);

describe('a file of llama.cpp', () => {
  it('gives its metadata, each with its type', async () => {
    const { metadata } = await openGgufBytes(writtenByGgml);
    expect(metadata.keys().map((key) => [key, metadata.typeOf(key), metadata.get(key)])).toEqual([
      ['general.architecture', 'string', 'test'],
      ['v.uint8', 'uint8', 255],
      ['v.int8', 'int8', -128],
      ['v.uint16', 'uint16', 65535],
      ['v.int16', 'int16', -32768],
      ['v.uint32', 'uint32', 4294967295],
      ['v.int32', 'int32', -2147483648],
      ['v.float32', 'float32', Math.fround(0.1)],
      ['v.uint64', 'uint64', 18446744073709551615n],
      ['v.int64', 'int64', -5n],
      ['v.float64', 'float64', 0.1],
      ['v.bool', 'bool', true],
      ['v.string', 'string', 'naïve €'],
      ['v.floats', 'array of float32', Float32Array.of(1.5, -2)],
      ['v.ints', 'array of int32', Int32Array.of(-1, 7)],
      ['v.strings', 'array of string', ['Ġthe', '', 'a']],
    ]);
  });

  it('gives its tensors', async () => {
    const reader: WeightSource & GgufReader = await openGgufBytes(writtenByGgml);
    const wave = Array.from({ length: 32 }, (_, i) => (Math.sin(i * 0.7) * i) / 64);
    const expectWave = async (name: string, shape: number[], relative: number, absolute = 0) => {
      const tensor = await reader.readFloats(name);
      expect(tensor.shape).toEqual(shape);
      expect(tensor.data.length).toBe(sizeOf(shape));
      tensor.data.forEach((value, i) => {
        expect(Math.abs(value - wave[i]!)).toBeLessThanOrEqual(Math.abs(wave[i]!) * relative + absolute);
      });
    };
    await expectWave('f32', [2, 3], 1e-6);
    await expectWave('f16', [3, 1, 2], 2 ** -11);
    await expectWave('bf16', [6], 2 ** -7); // cut off, not rounded
    await expectWave('q8_0', [32], 0, 0.0016);
    await expectWave('q4_0', [32], 0, 0.028);
    expect([...(await reader.readRaw('i8'))]).toEqual([1, 2, 3]);
    expect((await reader.readRaw('q4_0')).length).toBe(18);
    expect([...(await reader.readFloats('q5_0')).data].map(Math.abs)).toEqual(new Array(32).fill(0)); // its scale is 0
    await expect(reader.readFloats('i8')).rejects.toThrow(
      'tensor i8 in the GGUF data has the type I8, whose numbers cannot be read; get the model in one of F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, BF16',
    );
    await expect(reader.readInto('i8', new Float32Array(3))).rejects.toThrow(TsgptError);
  });

  it('reads version 2 as version 3', async () => {
    const bytes = Uint8Array.from(writtenByGgml);
    bytes[4] = 2;
    const reader = await openGgufBytes(bytes);
    expect(reader.version).toBe(2);
    expect((await reader.readFloats('f32')).data[1]).toBeCloseTo(Math.sin(0.7) / 64, 8);
  });
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsgpt-gguf-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const inFolder = (name: string) => join(folder, name);

describe('reading a GGUF file', () => {
  const write = (metadata: Record<string, MetadataToWrite>, tensors: GgufTensorToWrite[] = []) =>
    writeGguf(inFolder('read'), { metadata, tensors }).then(() => openGguf(inFolder('read')));

  it('gives metadata by type, and says when it is another', async () => {
    await using reader = await write({
      text: 'x',
      flag: false,
      count: uint32(3),
      big: { type: 'int64', value: -(2n ** 53n) },
      bigger: { type: 'uint64', value: 2n ** 53n + 1n },
      words: ['a', 'b'],
      flags: [true, false],
      bytes: Uint8Array.of(1, 2),
      sizes: BigUint64Array.of(1n, 2n),
      sizes2: BigInt64Array.of(2n ** 60n),
      __proto__x: 'fine',
      none: [],
    });
    const { metadata } = reader;
    expect(metadata.string('text')).toBe('x');
    expect(metadata.boolean('flag')).toBe(false);
    expect(metadata.number('count')).toBe(3);
    expect(metadata.number('big')).toBe(-(2 ** 53));
    expect(metadata.strings('words')).toEqual(['a', 'b']);
    expect(metadata.strings('none')).toEqual([]);
    expect(metadata.booleans('flags')).toEqual([true, false]);
    expect(metadata.numbers('bytes')).toEqual(Uint8Array.of(1, 2));
    expect(metadata.numbers('sizes')).toEqual(Float64Array.of(1, 2));
    expect([metadata.number('other', 7), metadata.string('other', ''), metadata.boolean('other', false)]).toEqual([
      7,
      '',
      false,
    ]);
    expect([metadata.has('text'), metadata.has('other'), metadata.has('__proto__')]).toEqual([true, false, false]);
    expect([metadata.get('other'), metadata.typeOf('other')]).toEqual([undefined, undefined]);

    const path = inFolder('read');
    expect(() => metadata.string('count')).toThrow(
      `${path}: the metadata count is uint32, but a string is expected; check that it is the right file`,
    );
    expect(() => metadata.number('words')).toThrow('the metadata words is array of string, but a number is expected');
    expect(() => metadata.numbers('count')).toThrow(
      'the metadata count is uint32, but an array of numbers is expected',
    );
    expect(() => metadata.strings('flags', [])).toThrow('is array of bool, but an array of strings is expected');
    expect(() => metadata.string('other')).toThrow(`${path} has no metadata other; check that it is the right file`);
    expect(() => metadata.number('bigger')).toThrow(
      'has the value 9007199254740993, which a number cannot represent exactly',
    );
    expect(() => metadata.numbers('sizes2')).toThrow('has the value 1152921504606846976');
    expect(() => metadata.boolean('text')).toThrow(TsgptError);
  });

  it('keeps keys that objects have a meaning for, and byte order marks', async () => {
    const mark = '\ufeff';
    const metadata = Object.fromEntries([
      ['__proto__', 'x'],
      [`${mark}k`, `${mark}v`],
    ]);
    await using reader = await write(metadata, [
      { name: `${mark}w`, shape: [1], type: 'F32', data: new Float32Array(1) },
    ]);
    expect(reader.metadata.keys()).toEqual(['__proto__', `${mark}k`]);
    expect(reader.metadata.string('__proto__')).toBe('x');
    expect(reader.metadata.string(`${mark}k`)).toBe(`${mark}v`);
    expect(reader.has(`${mark}w`)).toBe(true);
  });

  it('reads into memory of the caller, and bytes', async () => {
    const data = Float32Array.of(1, 2, 3);
    await using reader = await write({}, [
      { name: 'f', shape: [3], type: 'F32', data },
      { name: 'h', shape: [3], type: 'F16', data },
    ]);
    for (const name of ['f', 'h']) {
      const surrounded = new Float32Array(5).fill(99);
      await reader.readInto(name, surrounded.subarray(1, 4));
      expect([...surrounded]).toEqual([99, 1, 2, 3, 99]);
    }
    expect([...(await reader.readRaw('h'))]).toEqual([0, 0x3c, 0, 0x40, 0, 0x42]);
    expect([reader.has('f'), reader.has('g')]).toEqual([true, false]);
    await expect(reader.readFloats('g')).rejects.toThrow(/has no tensor g; it has 2, such as f, h$/);
    await expect(reader.readInto('f', new Float32Array(4))).rejects.toThrow(
      /has 3 elements, shape \[3\], but 4 are expected/,
    );
  });

  it('notices that a file became shorter, is no file, or is not there', async () => {
    const path = inFolder('shrinking');
    await writeGguf(path, {
      metadata: {},
      tensors: [{ name: 'w', shape: [100], type: 'F32', data: new Float32Array(100) }],
    });
    await using reader = await openGguf(path);
    truncateSync(path, 300);
    await expect(reader.readFloats('w')).rejects.toThrow(/became shorter while it was read/);
    await expect(openGguf(inFolder('none'))).rejects.toThrow(/there is no such file; check the path/);
    await expect(openGguf(folder)).rejects.toThrow(/it is a folder or a device/);
  });

  it('does not need more memory than there is', async () => {
    const path = inFolder('huge');
    await writeGguf(path, {
      metadata: {},
      tensors: [{ name: 'w', shape: [1], type: 'F32', data: new Float32Array(1) }],
    });
    const bytes = readFileSync(path);
    bytes.writeBigUInt64LE(2n ** 45n, bytes.indexOf('w') + 5);
    const reader = await GgufReader.open({
      name: 'huge.gguf',
      byteLength: 2 ** 48,
      close: async () => {},
      readInto: async (target, offset) => target.set(bytes.subarray(offset, offset + target.length)),
    });
    expect(reader.tensors.get('w')!.byteLength).toBe(2 ** 47);
    const message =
      'tensor w in huge.gguf needs 140737488355328 bytes of memory, more than can be allocated; use a smaller model';
    await expect(reader.readFloats('w')).rejects.toThrow(message);
    await expect(reader.readRaw('w')).rejects.toThrow(message);
  });
});
