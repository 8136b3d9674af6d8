import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { gguf } from '@huggingface/gguf';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/errors.ts';
import {
  float32,
  type GgufTensorToWrite,
  type MetadataToWrite,
  openGguf,
  openGgufBytes,
  uint32,
  type WritableType,
  writeGguf,
} from '../../../src/formats/gguf/index.ts';
import { GgufReader } from '../../../src/formats/gguf/reader.ts';
import type { WeightSource } from '../../../src/models/index.ts';
import { sizeOf } from '../../../src/shape.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsgpt-gguf-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const inFolder = (name: string) => join(folder, name);

const bytesOf = (array: ArrayBufferView) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

/** The largest distance that storing `values` as `type` may put between a number and its stored form. */
function tolerances(type: WritableType, values: Float32Array): Float32Array {
  if (type === 'F32') return new Float32Array(values.length);
  // Half precision: half a step is 2^-11 of the number, or 2^-25 where steps get no smaller.
  if (type === 'F16') return values.map((value) => Math.max(Math.abs(value) * 2 ** -11, 2 ** -25));
  let allowed = 0;
  return values.map((_, i) => {
    if (i % 32 > 0) return allowed;
    const step = values.subarray(i, i + 32).reduce((max, value) => Math.max(max, Math.abs(value)), 0) / 127;
    // Half a step, and the step's own rounding to half precision, up to 127 times.
    allowed = step * 0.5001 + 127 * Math.max(step * 2 ** -11, 2 ** -25);
    return allowed;
  });
}

function expectClose(type: WritableType, actual: Float32Array, written: Float32Array): void {
  const allowed = tolerances(type, written);
  const worst = actual.findIndex((value, i) => !(Math.abs(value - written[i]!) <= allowed[i]!));
  expect(actual.length).toBe(written.length);
  expect(worst, worst < 0 ? '' : `element ${worst}: ${written[worst]} became ${actual[worst]}`).toBe(-1);
}

const text = fc.string({ unit: 'binary' });
const key = text.filter((name) => name !== '' && !name.includes('\0') && name !== 'general.alignment');
const tensor = fc
  .record({
    type: fc.constantFrom<WritableType>('F32', 'F16', 'Q8_0'),
    outer: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
    inner: fc.integer({ min: 1, max: 4 }),
    power: fc.integer({ min: -30, max: 15 }),
    lazy: fc.boolean(),
    seed: fc.integer(),
  })
  .map(({ type, outer, inner, power, lazy, seed }) => {
    const shape = [...outer, type === 'Q8_0' ? 32 * inner : inner];
    // A view into a larger buffer, because that is what a slice of flat parameters is.
    const values = Float32Array.from(
      { length: sizeOf(shape) + 1 },
      (_, i) => Math.sin(seed + i * i) * 2 ** power,
    ).subarray(1);
    return { type, shape, values, data: lazy ? async () => values : values };
  });
const value: fc.Arbitrary<MetadataToWrite> = fc.oneof(
  text,
  fc.boolean(),
  fc.nat(0xffffffff).map(uint32),
  fc.float().map(float32),
  fc.array(text),
  fc.array(fc.boolean()),
  fc.int32Array(),
  fc.float32Array(),
  fc.uint8Array(),
  fc.bigInt64Array(),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => ({ type: 'uint64', value }) as const),
  fc.integer({ min: -128, max: 127 }).map((value) => ({ type: 'int8', value }) as const),
);

describe('GGUF round trip', () => {
  const name = key.filter((name) => Buffer.byteLength(name) <= 63);
  const file = fc.record({
    metadata: fc.dictionary(key, value, { maxKeys: 6 }),
    tensors: fc.dictionary(name, tensor, { maxKeys: 5 }),
    alignment: fc.option(fc.constantFrom(1, 2, 8, 64, 4096), { nil: undefined }),
  });

  it('gives back every name, shape, type, number and metadata value', async () => {
    await fc.assert(
      fc.asyncProperty(file, async ({ metadata, tensors, alignment }) => {
        const path = inFolder('round-trip');
        if (alignment) metadata['general.alignment'] = uint32(alignment);
        const written = Object.entries(tensors).map(([name, tensor]) => ({ name, ...tensor }));
        await writeGguf(path, { metadata, tensors: written });
        await using reader = await openGguf(path);

        expect(reader.version).toBe(3);
        expect(reader.metadata.keys()).toEqual(Object.keys(metadata));
        for (const [key, value] of Object.entries(metadata)) {
          const isTyped = typeof value === 'object' && 'type' in value;
          expect(reader.metadata.get(key)).toEqual(isTyped ? value.value : value);
          if (isTyped) expect(reader.metadata.typeOf(key)).toBe(value.type);
        }
        expect([...reader.tensors.keys()]).toEqual(Object.keys(tensors));
        for (const { name, shape, type, values } of written) {
          expect(reader.tensors.get(name)).toMatchObject({ shape, type });
          expect(reader.tensors.get(name)!.offset % (alignment ?? 32)).toBe(0);
          const loaded = await reader.readFloats(name);
          expect(loaded.shape).toEqual(shape);
          expectClose(type, loaded.data, values);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('gives back the bits of F32, NaN too, and scalars', async () => {
    const path = inFolder('bits');
    const data = new Float32Array(Uint32Array.of(0x7fc12345, 0xff800000, 1, 0x80000000).buffer);
    await writeGguf(path, {
      metadata: {},
      tensors: [
        { name: 'bits', shape: [2, 2], type: 'F32', data },
        { name: 'scalar', shape: [], type: 'F16', data: Float32Array.of(1.5) },
      ],
    });
    await using reader = await openGguf(path);
    expect(bytesOf((await reader.readFloats('bits')).data).equals(bytesOf(data))).toBe(true);
    expect(await reader.readFloats('scalar')).toEqual({ shape: [], data: Float32Array.of(1.5) });
  });

  it('writes and reads tensors of several pieces, holding little at a time', async () => {
    const path = inFolder('large');
    const wave = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i) * (1 + i / length));
    const tensors: GgufTensorToWrite[] = [
      { name: 'q', shape: [34_376, 32], type: 'Q8_0', data: async () => wave(34_376 * 32) },
      { name: 'h', shape: [1_100_001], type: 'F16', data: async () => wave(1_100_001) },
      { name: 'f', shape: [1_100_001], type: 'F32', data: async () => wave(1_100_001) },
    ];
    await writeGguf(path, { metadata: {}, tensors });
    const bytes = readFileSync(path);
    const pieces: number[] = [];
    const reader = await GgufReader.open({
      name: path,
      byteLength: bytes.length,
      close: async () => {},
      readInto: async (target, offset) => {
        pieces.push(target.length);
        target.set(bytes.subarray(offset, offset + target.length));
      },
    });
    for (const { name, shape, type } of tensors) {
      pieces.length = 0;
      expectClose(type, (await reader.readFloats(name)).data, wave(sizeOf(shape)));
      // F32 needs no second place; everything else passes through a megabyte.
      if (type !== 'F32') expect(Math.max(...pieces)).toBeLessThanOrEqual(1 << 20);
      expect(pieces.reduce((a, b) => a + b)).toBe(reader.tensors.get(name)!.byteLength);
    }
  });

  it('asks for one tensor at a time, and leaves no file when one cannot be had', async () => {
    const path = inFolder('lazy');
    const events: string[] = [];
    const lazy = (name: string, fails = false): GgufTensorToWrite => ({
      name,
      shape: [2],
      type: 'F32',
      data: async () => {
        events.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (fails) throw new RangeError('no such weights');
        events.push(`${name} ends`);
        return new Float32Array(2);
      },
    });
    await writeGguf(path, { metadata: {}, tensors: [lazy('a'), lazy('b')] });
    expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
    const before = readFileSync(path);
    await expect(writeGguf(path, { metadata: {}, tensors: [lazy('a'), lazy('c', true)] })).rejects.toThrow(RangeError);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('a GGUF file', () => {
  it('has the layout of the specification', async () => {
    const path = inFolder('layout');
    await writeGguf(path, {
      metadata: { n: uint32(5), s: ['é'] },
      tensors: [
        { name: 'a', shape: [1, 3], type: 'F32', data: Float32Array.of(1, 2, 3) },
        { name: 'b', shape: [1], type: 'F16', data: Float32Array.of(-2) },
      ],
    });
    const uint64 = (value: number) => [value, 0, 0, 0, 0, 0, 0, 0];
    const header = [
      ...[0x47, 0x47, 0x55, 0x46, 3, 0, 0, 0, ...uint64(2), ...uint64(2)],
      ...[...uint64(1), 0x6e, 4, 0, 0, 0, 5, 0, 0, 0],
      ...[...uint64(1), 0x73, 9, 0, 0, 0, 8, 0, 0, 0, ...uint64(1), ...uint64(2), 0xc3, 0xa9],
      ...[...uint64(1), 0x61, 2, 0, 0, 0, ...uint64(3), ...uint64(1), 0, 0, 0, 0, ...uint64(0)],
      ...[...uint64(1), 0x62, 1, 0, 0, 0, ...uint64(1), 1, 0, 0, 0, ...uint64(32)],
    ];
    const zeros = (count: number) => new Array(count).fill(0);
    const first = [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40];
    expect([...readFileSync(path)]).toEqual([
      ...header,
      ...zeros(-header.length & 31),
      ...[...first, ...zeros(20)],
      ...[0, 0xc0, ...zeros(30)], // llama.cpp wants the padding after the last tensor, too
    ]);
  });

  it('is read the same by the parser of Hugging Face', async () => {
    const path = inFolder('witness');
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(key, value, { maxKeys: 6 }),
        fc.array(tensor, { maxLength: 4 }),
        async (metadata, tensors) => {
          const taken = new Set(['version', 'tensor_count', 'kv_count', '__proto__']); // what that parser uses for itself
          const ours = Object.fromEntries(Object.entries(metadata).filter(([key]) => !taken.has(key)));
          await writeGguf(path, {
            metadata: ours,
            tensors: tensors.map((tensor, i) => ({ name: `blk.${i}`, ...tensor })),
          });
          const theirs = await gguf(path, { allowLocalFile: true, typedMetadata: true });
          await using reader = await openGguf(path);

          expect(theirs.metadata).toMatchObject({ version: 3, tensor_count: BigInt(tensors.length) });
          for (const key of Object.keys(ours)) {
            const value = reader.metadata.get(key);
            expect(theirs.metadata[key as never]).toEqual(
              ArrayBuffer.isView(value) ? Array.from(value as Int8Array) : value,
            );
          }
          const infos = theirs.tensorInfos.map(({ name, shape, dtype, offset }) => [
            name,
            {
              shape: shape.map(Number).reverse(),
              type: ['F32', 'F16'][dtype] ?? 'Q8_0',
              offset: Number(theirs.tensorDataOffset + offset),
            },
          ]);
          expect(theirs.tensorInfos.every(({ dtype }) => [0, 1, 8].includes(dtype))).toBe(true);
          expect([...reader.tensors]).toMatchObject(infos);
        },
      ),
      { numRuns: 50 },
    );
  });

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

  it('of llama.cpp gives its metadata, each with its type', async () => {
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

  it('of llama.cpp gives its tensors', async () => {
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
    for (const [name, type] of [
      ['i8', 'I8'],
      ['q5_0', 'Q5_0'],
    ]) {
      await expect(reader.readFloats(name!)).rejects.toThrow(
        `Tensor ${name} in the GGUF data has the type ${type}, whose numbers cannot be read; get the model in one of F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q6_K.`,
      );
      await expect(reader.readInto(name!, new Float32Array(3))).rejects.toThrow(TsgptError);
    }
  });

  it('reads version 2 as version 3', async () => {
    const bytes = Uint8Array.from(writtenByGgml);
    bytes[4] = 2;
    const reader = await openGgufBytes(bytes);
    expect(reader.version).toBe(2);
    expect((await reader.readFloats('f32')).data[1]).toBeCloseTo(Math.sin(0.7) / 64, 8);
  });
});

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
      `${path}: the metadata count is uint32, but a string is expected; check that it is the right file.`,
    );
    expect(() => metadata.number('words')).toThrow('the metadata words is array of string, but a number is expected');
    expect(() => metadata.numbers('count')).toThrow(
      'the metadata count is uint32, but an array of numbers is expected',
    );
    expect(() => metadata.strings('flags', [])).toThrow('is array of bool, but an array of strings is expected');
    expect(() => metadata.string('other')).toThrow(`${path} has no metadata other; check that it is the right file.`);
    expect(() => metadata.number('bigger')).toThrow(
      'has the value 9007199254740993, which a number cannot hold exactly',
    );
    expect(() => metadata.numbers('sizes2')).toThrow('has the value 1152921504606846976');
    expect(() => metadata.boolean('text')).toThrow(TsgptError);
  });

  it('keeps a key that objects have a meaning for', async () => {
    await using reader = await write(Object.fromEntries([['__proto__', 'x']]));
    expect(reader.metadata.string('__proto__')).toBe('x');
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
    await expect(reader.readFloats('g')).rejects.toThrow(/has no tensor g; it has 2, such as f, h\./);
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
      'Tensor w in huge.gguf needs 140737488355328 bytes of memory, which are not to be had; use a smaller model.';
    await expect(reader.readFloats('w')).rejects.toThrow(message);
    await expect(reader.readRaw('w')).rejects.toThrow(message);
  });
});

describe('writing a GGUF file', () => {
  const data = new Float32Array(6);
  const tensor = { name: 'w', shape: [6], type: 'F32', data } as const;
  const lone = '\ud800';
  const cases: Record<string, [Record<string, unknown>, unknown[], string]> = {
    'another size': [{}, [{ ...tensor, shape: [2, 2] }], 'its data must be a Float32Array of 4 elements'],
    'another size, found late': [
      {},
      [{ ...tensor, data: async () => new Float32Array(5) }],
      'a Float32Array of 6 elements',
    ],
    'another array type': [{}, [{ ...tensor, data: new Float64Array(6) }], 'must be a Float32Array of 6 elements'],
    'five dimensions': [{}, [{ ...tensor, shape: [1, 1, 1, 1, 6] }], 'it has 5 dimensions, and 4 is the limit'],
    'no elements': [{}, [{ ...tensor, shape: [0, 6] }], 'lengths are whole numbers of at least 1'],
    'half an element': [{}, [{ ...tensor, shape: [1.5, 4] }], 'lengths are whole numbers of at least 1'],
    'half a block': [{}, [{ ...tensor, type: 'Q8_0' }], 'Q8_0 needs rows of a multiple of 32 elements'],
    'an unknown type': [
      {},
      [{ ...tensor, type: 'Q4_K' }],
      'there is no way to write the type Q4_K; use one of F32, F16, Q8_0.',
    ],
    'an inherited type': [{}, [{ ...tensor, type: 'toString' }], 'there is no way to write the type toString'],
    'a name twice': [{}, [tensor, tensor], 'there are two of that name'],
    'a name too long': [{}, [{ ...tensor, name: 'é'.repeat(32) }], 'a name has 1 to 63 bytes of UTF-8'],
    'no name': [{}, [{ ...tensor, name: '' }], 'a name has 1 to 63 bytes'],
    'a name with a zero': [{}, [{ ...tensor, name: 'a\0b' }], 'none of them zero'],
    'half a surrogate pair in a name': [{}, [{ ...tensor, name: lone }], 'a name has 1 to 63 bytes of UTF-8'],
    'no key': [{ '': 'x' }, [], 'a name has 1 to 65535 bytes'],
    'half a surrogate pair': [{ k: lone }, [], 'it has half a surrogate pair'],
    'half a surrogate pair in a list': [{ k: [lone] }, [], 'it has half a surrogate pair'],
    'a number without a type': [
      { k: 5 },
      [],
      'a number must say its type; use uint32(), float32() or { type, value }.',
    ],
    'nothing as a value': [{ k: null }, [], 'a number must say its type'],
    'a mixed list': [{ k: ['a', true] }, [], 'a list must be all strings or all true and false'],
    'a list of numbers': [{ k: [1, 2] }, [], 'give numbers in a typed array'],
    'another view of bytes': [{ k: new DataView(new ArrayBuffer(1)) }, [], 'an array of no type the format has'],
    'a fraction as uint32': [{ k: uint32(0.5) }, [], '0.5 is no uint32'],
    'a negative uint32': [{ k: uint32(-1) }, [], '-1 is too large or too small for uint32'],
    'a uint64 beyond 64 bits': [{ k: { type: 'uint64', value: 2n ** 64n } }, [], '18446744073709551616 is too large'],
    'an alignment of 33': [{ 'general.alignment': uint32(33) }, [], 'it must be a power of two up to 65536'],
    'an alignment of 2^20': [{ 'general.alignment': uint32(1 << 20) }, [], 'it must be a power of two up to 65536'],
    'an alignment that is text': [{ 'general.alignment': '32' }, [], 'give it as uint32(32), for example.'],
    'an infinite half': [
      {},
      [{ ...tensor, type: 'F16', data: data.with(3, 1e9) }],
      'it has the value 1000000000, and 65504 is the limit',
    ],
  };

  for (const [title, [metadata, tensors, message]] of Object.entries(cases)) {
    it(`refuses ${title}, and leaves no file`, async () => {
      const error = await writeGguf(inFolder('refused'), { metadata, tensors } as never).catch(
        (error: unknown) => error,
      );
      expect(error).toBeInstanceOf(TsgptError);
      expect((error as Error).message).toContain(message);
      expect((error as Error).message).toMatch(/^[^\n]*; [^\n;]*\.$/); // what is wrong; what to do.
      expect(readdirSync(folder).filter((name) => name.startsWith('refused'))).toEqual([]);
    });
  }

  it('replaces a file only when the new one is complete', async () => {
    const path = inFolder('kept');
    writeFileSync(path, 'old');
    await expect(
      writeGguf(path, { metadata: {}, tensors: [{ ...tensor, data: async () => new Float32Array(1) }] }),
    ).rejects.toThrow(TsgptError);
    expect(readFileSync(path, 'utf8')).toBe('old');
  });
});
