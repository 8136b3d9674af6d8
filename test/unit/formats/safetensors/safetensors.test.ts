import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TsgptError } from '../../../../src/core/errors.ts';
import { openSafetensors, writeSafetensors } from '../../../../src/disk/safetensors.ts';
import { openSafetensorsBytes } from '../../../../src/formats/safetensors/reader.ts';
import type { SafetensorsTensorToWrite } from '../../../../src/formats/safetensors/writer.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsgpt-safetensors-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const inFolder = (name: string) => join(folder, name);

/** A file by hand: header text and data as given, right or wrong. */
function fileOf(header: unknown, data: Uint8Array = new Uint8Array()): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

const bytesOfArray = (array: ArrayBufferView) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

describe('safetensors round trip', () => {
  const shape = fc.array(fc.nat(4), { maxLength: 3 });
  const kinds = [
    [Float32Array, 'F32'],
    [Float64Array, 'F64'],
    [Int32Array, 'I32'],
    [BigInt64Array, 'I64'],
    [Int16Array, 'I16'],
    [Int8Array, 'I8'],
    [BigUint64Array, 'U64'],
    [Uint32Array, 'U32'],
    [Uint16Array, 'U16'],
    [Uint8Array, 'U8'],
    [Uint8Array, 'BOOL'],
  ] as const;
  const tensor = fc
    .record({ shape, kind: fc.constantFrom(...kinds), seed: fc.integer() })
    .map(({ shape, kind, seed }) => {
      const [ArrayType, dtype] = kind;
      const length = shape.reduce((a, b) => a * b, 1);
      // A view into a larger buffer, because that is what a slice of flat parameters is.
      const bytes = new Uint8Array((length + 2) * ArrayType.BYTES_PER_ELEMENT).map((_, i) => (i * 37 + seed) & 0xff);
      return { shape, dtype, data: new ArrayType(bytes.buffer).subarray(1, length + 1) };
    });
  const file = fc.record({
    tensors: fc.dictionary(fc.string({ unit: 'binary' }), tensor, { maxKeys: 6 }),
    metadata: fc.option(fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), {
      nil: undefined,
    }),
  });

  it('gives back every name, shape, type, bit and text', async () => {
    await fc.assert(
      fc.asyncProperty(file, async ({ tensors, metadata }) => {
        const path = inFolder('round-trip');
        const written = Object.entries(tensors).map(([name, value]) => ({ name, ...value }));
        await writeSafetensors(path, written, metadata);
        await using reader = await openSafetensors(path);

        expect({ ...reader.metadata }).toEqual({ ...metadata });
        expect([...reader.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort());
        for (const { name, shape, dtype, data } of written) {
          const loaded = await reader.read(name);
          expect([loaded.dtype, loaded.shape]).toEqual([dtype, shape]);
          expect(loaded.data.constructor).toBe(data.constructor);
          expect(bytesOfArray(loaded.data).equals(bytesOfArray(data))).toBe(true); // bits, so that NaN counts
        }
      }),
      { numRuns: 100 },
    );
  });

  it('writes the layout of the specification', async () => {
    const path = inFolder('layout');
    await writeSafetensors(
      path,
      [
        { name: 'byte', shape: [1], data: Uint8Array.of(7) },
        { name: 'scalar', shape: [], data: Float32Array.of(1.5) },
      ],
      { step: '3' },
    );
    const bytes = readFileSync(path);
    const length = Number(bytes.readBigUInt64LE());
    expect(length % 8).toBe(0);
    expect(bytes.toString('utf8', 8, 8 + length).trimEnd()).toBe(
      '{"__metadata__":{"step":"3"},"scalar":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"byte":{"dtype":"U8","shape":[1],"data_offsets":[4,5]}}',
    );
    expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 0xc0, 0x3f, 7]);
  });

  it('reads and writes tensors of more than one chunk', async () => {
    const path = inFolder('large');
    const data = Float32Array.from({ length: 9_000_001 }, (_, i) => i); // 36 MB, and not a whole number of chunks
    await writeSafetensors(path, [{ name: 'large', shape: [9_000_001], data }]);
    await using reader = await openSafetensors(path);
    const target = new Float32Array(data.length);
    await reader.readInto('large', target);
    expect(bytesOfArray(target).equals(bytesOfArray(data))).toBe(true);
  });

  it('refuses what cannot be written, and leaves no file', async () => {
    const data = new Float32Array(6);
    const cases: [SafetensorsTensorToWrite[], string][] = [
      [[{ name: 'w', shape: [2, 2], data }], 'the shape [2, 2] does not fit its 6 elements'],
      [[{ name: 'w', shape: [-2, -3], data }], 'the shape [-2, -3] does not fit'],
      [[{ name: 'w', shape: [6], data, dtype: 'F16' }], 'that has 2 bytes per element, its array 4'],
      [
        [0, 1].map(() => ({ name: 'w', shape: [6], data })),
        'tensor w cannot be written: its name is reserved or used twice',
      ],
      [[{ name: '__metadata__', shape: [6], data }], 'reserved or used twice'],
    ];
    for (const [tensors, message] of cases) {
      const error = await writeSafetensors(inFolder('refused'), tensors).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(TsgptError);
      expect((error as Error).message).toContain(message);
    }
    expect(readdirSync(folder)).not.toContain('refused');
  });

  it('makes data when its turn comes, and leaves no file if that fails', async () => {
    const made: string[] = [];
    const tensor = (name: string, make: () => Float32Array) => ({
      name,
      shape: [2],
      dtype: 'F32' as const,
      data: () => {
        made.push(name);
        return make();
      },
    });
    const good = tensor('good', () => Float32Array.of(1, 2));
    await writeSafetensors(inFolder('made'), [good]);
    await using reader = await openSafetensors(inFolder('made'));
    expect((await reader.read('good')).data).toEqual(Float32Array.of(1, 2));

    const failing = tensor('failing', () => {
      throw new RangeError('no memory');
    });
    const never = tensor('never', () => new Float32Array(2));
    const write = (...tensors: SafetensorsTensorToWrite[]) => writeSafetensors(inFolder('unmade'), tensors);
    await expect(write(good, failing, never)).rejects.toThrow(RangeError);
    expect(made).toEqual(['good', 'good', 'failing']);
    await expect(write(tensor('short', () => new Float32Array(1)))).rejects.toThrow('does not fit its 1 elements');
    await expect(write({ ...good, dtype: undefined })).rejects.toThrow('data from a function needs a dtype');
    expect(readdirSync(folder)).not.toContain('unmade');
  });

  it('knows the place of a tensor in a file, and that there is none in memory', async () => {
    const [path, data] = [inFolder('places'), Float32Array.of(1, 2)];
    await writeSafetensors(path, [{ name: 'w', shape: [2], data }]);
    const bytes = readFileSync(path);
    await using reader = await openSafetensors(path);
    expect(reader.regionOf('w')).toEqual({ path, offset: bytes.length - 8, length: 8 });
    const inMemory = await openSafetensorsBytes(bytes, 'fetched.safetensors');
    expect((await inMemory.read('w')).data).toEqual(data);
    expect(() => inMemory.regionOf('w')).toThrow('fetched.safetensors is in memory');
  });
});

describe('reading element types', () => {
  it('widens F16 and BF16 to the same numbers', async () => {
    const half = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x8000, 0x7c00, 0xfc00, 0x7e00, 0x3555);
    const brain = Uint16Array.of(0x3f80, 0xc000, 0x7f7f, 0x0001, 0x0080, 0x8000, 0x7f80, 0xff80, 0x7fc0, 0x3eab);
    const path = inFolder('halves');
    await writeSafetensors(path, [
      { name: 'half', shape: [10], data: half, dtype: 'F16' },
      { name: 'brain', shape: [2, 5], data: brain, dtype: 'BF16' },
    ]);
    await using reader = await openSafetensors(path);
    const halves = [1, -2, 65504, 2 ** -24, 2 ** -14, -0, Infinity, -Infinity, NaN, 0.333251953125];
    const brains = [1, -2, 3.3895313892515355e38, 2 ** -133, 2 ** -126, -0, Infinity, -Infinity, NaN, 0.333984375];
    expect([...(await reader.read('half')).data]).toEqual(halves);
    expect(await reader.read('brain')).toEqual({ dtype: 'BF16', shape: [2, 5], data: Float32Array.from(brains) });

    const surrounded = new Float32Array(12).fill(99);
    await reader.readInto('half', surrounded.subarray(1, 11));
    expect([...surrounded]).toEqual([99, ...halves, 99]);
    await reader.readInto('brain', surrounded.subarray(1, 11));
    expect([...surrounded]).toEqual([99, ...brains, 99]);
  });

  it('gives 64-bit integers exactly, or as 32 bits when asked and possible', async () => {
    const path = inFolder('integers');
    await writeSafetensors(path, [
      { name: 'ids', shape: [3], data: BigInt64Array.of(-1n, 0n, 50256n) },
      { name: 'large', shape: [1], data: BigInt64Array.of(2n ** 31n) },
      { name: 'unsigned', shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
    ]);
    await using reader = await openSafetensors(path);
    expect((await reader.read('ids')).data).toEqual(BigInt64Array.of(-1n, 0n, 50256n));
    expect((await reader.read('ids', { int32: true })).data).toEqual(Int32Array.of(-1, 0, 50256));
    for (const name of ['large', 'unsigned']) {
      await expect(reader.read(name, { int32: true })).rejects.toThrow(/does not fit in 32 bits/);
    }
    await expect(reader.readInto('ids', new Float32Array(3))).rejects.toThrow(/holds I64, but floats are expected/);
  });

  it('rounds F64 when reading into float32', async () => {
    const path = inFolder('doubles');
    await writeSafetensors(path, [{ name: 'd', shape: [2], data: Float64Array.of(0.1, 1 / 3) }]);
    await using reader = await openSafetensors(path);
    const target = new Float32Array(2);
    await reader.readInto('d', target);
    expect([...target]).toEqual([Math.fround(0.1), Math.fround(1 / 3)]);
  });

  it('names what is missing or has another size', async () => {
    const path = inFolder('names');
    await writeSafetensors(path, [{ name: 'wte.weight', shape: [2, 3], data: new Float32Array(6) }]);
    await using reader = await openSafetensors(path);
    await expect(reader.read('wpe.weight')).rejects.toThrow(/has no tensor wpe\.weight; it has 1, such as wte\.weight/);
    await expect(reader.readInto('wte.weight', new Float32Array(5))).rejects.toThrow(
      /shape \[2, 3\], but 5 are expected/,
    );
  });
});

describe('a damaged file', () => {
  const entry = (begin: number, end: number, more = {}) => ({
    dtype: 'F32',
    shape: [(end - begin) / 4],
    data_offsets: [begin, end],
    ...more,
  });
  const four = new Uint8Array(4);
  const huge = Buffer.alloc(8);
  huge.writeBigUInt64LE(2n ** 63n);
  const overlong = Buffer.alloc(16);
  overlong.writeBigUInt64LE(9n);
  const cases: Record<string, [Uint8Array, string]> = {
    'an empty file': [new Uint8Array(), 'has only 0 bytes'],
    'seven bytes': [new Uint8Array(7), 'has only 7 bytes'],
    'a header of 2^63 bytes': [huge, 'would have 9223372036854775808 bytes'],
    'a header beyond the end': [overlong, 'header should have 9 bytes, but the file ends after 16'],
    'a header that is not JSON': [fileOf('{"w": '), 'its header is not JSON'],
    'a header that is not UTF-8': [
      Buffer.concat([Buffer.of(3, 0, 0, 0, 0, 0, 0, 0), Buffer.of(0x22, 0xff, 0x22)]),
      'not JSON',
    ],
    'an empty header': [fileOf(''), 'its header is not JSON'],
    'a header that is a list': [fileOf([]), 'not a JSON object'],
    'a million brackets': [fileOf('['.repeat(1e6)), 'its header is not JSON'],
    'metadata that is not text': [fileOf({ __metadata__: { step: 3 } }), '__metadata__ must be an object of strings'],
    'an unknown element type': [fileOf({ w: entry(0, 4, { dtype: 'F4' }) }, four), 'tensor w, dtype: expected'],
    'a negative size': [fileOf({ w: entry(0, 4, { shape: [-1] }) }, four), 'tensor w, shape.0: expected >=0'],
    'half an element': [fileOf({ w: entry(0, 4, { shape: [0.5] }) }, four), 'tensor w, shape.0'],
    'a size beyond all integers': [fileOf({ w: entry(0, 4, { shape: [1e300] }) }, four), 'tensor w, shape.0'],
    'a shape that is no list': [fileOf({ w: entry(0, 4, { shape: 1 }) }, four), 'tensor w, shape: expected Array'],
    'no offsets': [fileOf({ w: { dtype: 'F32', shape: [1] } }, four), 'tensor w, data_offsets'],
    'negative offsets': [fileOf({ w: entry(-4, 0) }, four), 'tensor w, data_offsets.0'],
    'a tensor that is null': [fileOf({ w: null }), 'tensor w, its entry'],
    'a shape that needs more bytes': [
      fileOf({ w: entry(0, 4, { shape: [2] }) }, four),
      'tensor w (F32 [2]) needs 8 bytes',
    ],
    'offsets backwards': [fileOf({ w: entry(4, 0, { shape: [1] }) }, four), 'give it -4'],
    'a shape that overflows': [fileOf({ w: entry(0, 0, { shape: [2 ** 52, 2 ** 52] }) }), 'tensor w (F32'],
    'truncated data': [fileOf({ w: entry(0, 8) }, four), 'is truncated: tensor w ends at byte'],
    'bytes left over': [fileOf({ w: entry(0, 4) }, new Uint8Array(9)), '5 bytes follow its last tensor'],
    'an overlap': [fileOf({ v: entry(0, 8), w: entry(4, 12) }, new Uint8Array(12)), 'tensor w overlaps the one before'],
    'the same data twice': [fileOf({ v: entry(0, 4), w: entry(0, 4) }, four), 'tensor w overlaps the one before'],
    'a gap': [
      fileOf({ v: entry(0, 4), w: entry(8, 12) }, new Uint8Array(12)),
      'tensor w leaves a gap after the one before',
    ],
    'a gap at the start': [fileOf({ w: entry(4, 8) }, new Uint8Array(8)), 'tensor w leaves a gap'],
    'a name twice': [
      fileOf(
        '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}, "\\u0077" :{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        four,
      ),
      'has the name w twice',
    ],
  };

  for (const [title, [bytes, message]] of Object.entries(cases)) {
    it(`${title} is one clear sentence`, async () => {
      const path = inFolder('damaged');
      writeFileSync(path, bytes);
      const error = await openSafetensors(path).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(TsgptError);
      expect((error as Error).message).toContain(message);
      expect((error as Error).message).toContain(path);
      expect((error as Error).message).toMatch(/^[^A-Z\n][^\n]*; [^\n;]*[^\n;.]$/); // what is wrong; what to do
    });
  }

  it('is noticed when it becomes damaged after it was opened', async () => {
    const path = inFolder('shrinking');
    await writeSafetensors(path, [{ name: 'w', shape: [100], data: new Float32Array(100) }]);
    await using reader = await openSafetensors(path);
    truncateSync(path, 300);
    await expect(reader.read('w')).rejects.toThrow(/became shorter while it was read/);
  });

  it('may be no file at all', async () => {
    await expect(openSafetensors(inFolder('none'))).rejects.toThrow(/there is no such file; check the path/);
    await expect(openSafetensors(folder)).rejects.toThrow(TsgptError);
  });
});
