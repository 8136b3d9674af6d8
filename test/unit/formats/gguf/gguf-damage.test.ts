import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TsgptError } from '../../../../src/core/errors.ts';
import { sizeOf } from '../../../../src/core/shape.ts';
import { openGguf } from '../../../../src/disk/gguf.ts';
import { openGgufBytes } from '../../../../src/formats/gguf/index.ts';
import { GgufReader } from '../../../../src/formats/gguf/reader.ts';

// A file by hand: numbers as the format has them, put together right or wrong.
const uint32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const uint64 = (value: number | bigint) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
const text = (value: string) => Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)]);
const start = (tensors: number | bigint, values: number | bigint, version = 3) =>
  Buffer.concat([Buffer.from('GGUF'), uint32(version), uint64(tensors), uint64(values)]);
const value = (key: string, type: number, ...bytes: Buffer[]) => Buffer.concat([text(key), uint32(type), ...bytes]);
const tensor = (name: string, lengths: (number | bigint)[], type: number, offset: number | bigint) =>
  Buffer.concat([text(name), uint32(lengths.length), ...lengths.map(uint64), uint32(type), uint64(offset)]);
const file = (...parts: Buffer[]) => Buffer.concat(parts);
/** Pads the header and adds `bytes` of data. */
const withData = (header: Buffer, bytes: number) => file(header, Buffer.alloc((-header.length & 31) + bytes));

const [UINT8, UINT32, STRING, ARRAY] = [0, 4, 8, 9];
const [F32, Q4_K] = [0, 12];

/** A valid file with every kind of value and of block. */
const header = file(
  start(5, 14),
  value('general.alignment', UINT32, uint32(32)),
  value('general.architecture', STRING, text('llama')),
  ...[0, 1, 7].map((type) => value(`byte.${type}`, type, Buffer.of(1))),
  ...[2, 3].map((type) => value(`short.${type}`, type, Buffer.of(1, 2))),
  ...[5, 6].map((type) => value(`word.${type}`, type, uint32(0x3f800000))),
  ...[10, 11, 12].map((type) => value(`long.${type}`, type, uint64(5))),
  value('tokens', ARRAY, uint32(STRING), uint64(3), text('a'), text('é'), text('')),
  value('nested', ARRAY, uint32(ARRAY), uint64(2), uint32(7), uint64(2), Buffer.of(0, 1), uint32(UINT8), uint64(0)),
  tensor('embedding', [3, 2], F32, 0),
  tensor('half', [2], 1, 32),
  tensor('q8', [32, 1], 8, 64),
  tensor('q4', [256], Q4_K, 128),
  tensor('q6', [256], 14, 288),
);
const valid = withData(header, 288 + 210).map((byte, i) => (i < header.length ? byte : i & 0x3f));

/** Reads everything in the file. Either the result is complete, or the error is one for users, which is returned. */
async function refusal(bytes: Uint8Array): Promise<string | undefined> {
  try {
    const reader = await openGgufBytes(bytes);
    for (const key of reader.metadata.keys()) {
      expect(reader.metadata.typeOf(key)).not.toContain('undefined');
      expect(reader.metadata.get(key)).not.toBe(undefined);
    }
    for (const [name, { shape }] of reader.tensors) {
      const { data } = await reader.readFloats(name);
      expect(data.length).toBe(sizeOf(shape));
    }
    return undefined;
  } catch (error) {
    if (error instanceof TsgptError && /^[^\n]*[^\n.]$/.test(error.message)) return error.message;
    throw error;
  }
}

describe('a GGUF file with random damage', () => {
  it('is read whole when it has none', async () => {
    expect(await refusal(valid)).toBe(undefined);
  });

  it('is refused wherever it is cut off', async () => {
    for (let length = 0; length < valid.length; length++) {
      expect(await refusal(valid.subarray(0, length)), `${length} bytes`).toBeDefined();
    }
  });

  it('is read or refused, quickly, when its header is changed', async () => {
    const position = fc.nat(header.length - 1);
    // Numbers near limits and type ids reach deeper than random bytes.
    const number = fc.constantFrom(
      0n,
      1n,
      2n,
      7n,
      8n,
      9n,
      13n,
      31n,
      255n,
      65536n,
      2n ** 31n,
      2n ** 32n - 1n,
      2n ** 53n,
      2n ** 63n,
      2n ** 64n - 1n,
    );
    const edit = fc.oneof(
      fc.record({ kind: fc.constantFrom('change', 'remove', 'add', 'cut'), at: position, value: fc.nat(255) }),
      fc.record({ kind: fc.constantFrom('uint32', 'uint64'), at: position, value: number }),
      fc.record({ kind: fc.constant('copy'), at: position, value: position }),
    );
    let intact = 0;
    const faults = new Set<string>();
    let slowest = 0;
    const numRuns = Number(process.env.TSGPT_MUTATIONS ?? 500);
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
        let bytes = Buffer.from(valid);
        for (const { kind, at, value } of edits) {
          if (at + 8 > bytes.length) continue;
          if (kind === 'change') bytes[at] = Number(value);
          if (kind === 'remove') bytes = file(bytes.subarray(0, at), bytes.subarray(at + 1));
          if (kind === 'add') bytes = file(bytes.subarray(0, at), Buffer.of(Number(value)), bytes.subarray(at));
          if (kind === 'cut') bytes = bytes.subarray(0, at);
          if (kind === 'uint32') bytes.set(uint32(Number(BigInt(value) & 0xffffffffn)), at);
          if (kind === 'uint64') bytes.set(uint64(value), at);
          if (kind === 'copy')
            bytes.set(valid.subarray(Number(value), Number(value) + 40).subarray(0, bytes.length - at), at);
        }
        const before = performance.now();
        const message = await refusal(bytes);
        slowest = Math.max(slowest, performance.now() - before);
        if (message === undefined) intact++;
        else faults.add(message.replace(/(metadata|tensor) ("[^"]*"|\S+)|\d+|\[.*\]/g, ''));
      }),
      { numRuns },
    );
    expect(intact).toBeGreaterThan(0); // texts and numbers may be anything
    expect(faults.size).toBeGreaterThan(15); // else the edits do not reach what is checked
    expect(slowest).toBeLessThan(5000); // milliseconds; a tenth of one is usual, but other programs may run
  }, 600_000);
});

describe('a hostile GGUF file', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tsgpt-gguf-damage-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const nested = (depth: number) =>
    file(...Array.from({ length: depth }, () => file(uint32(ARRAY), uint64(1))), uint32(UINT8), uint64(0));
  const manyArrays = Buffer.concat(Array.from({ length: 70_000 }, () => file(uint32(UINT8), uint64(0))));
  const cases: Record<string, [Buffer, string]> = {
    'an empty file': [Buffer.alloc(0), 'it does not begin with the letters GGUF'],
    'three bytes': [Buffer.from('GGU'), 'it does not begin with the letters GGUF'],
    'another format': [Buffer.from('PK\x03\x04'.repeat(20)), 'it does not begin with the letters GGUF'],
    'the magic number alone': [Buffer.from('GGUF'), 'the version would end at byte 8, but the file has 4'],
    'version 1': [
      start(0, 0, 1),
      'has version 1 of the GGUF format, older than 2, the oldest that can be read; get a newer file',
    ],
    'version 4': [
      start(0, 0, 4),
      'has version 4 of the GGUF format, newer than 3, the newest that can be read; use a newer',
    ],
    'a version of the other byte order that is newer': [
      start(0, 0, 0x04000000),
      'is a GGUF file for big-endian machines',
    ],
    'version 0': [start(0, 0, 0), 'has version 0'],
    'the other byte order': [start(0, 0, 0x03000000), 'is a GGUF file for big-endian machines, which cannot be read'],
    '2^64 tensors': [start(2n ** 64n - 1n, 0), 'it would have 18446744073709552000 tensors, and 65536 is the limit'],
    '2^63 metadata values': [start(0, 2n ** 63n), 'metadata values, and 65536 is the limit'],
    'tensors that are not there': [start(65_536, 0), 'a tensor name would end at byte 32, but the file has 24'],
    'metadata that is not there': [start(0, 65_536), 'a metadata key would end at byte 32'],
    'a key of 2^63 bytes': [
      file(start(0, 1), uint64(2n ** 63n)),
      'a metadata key would have 9223372036854776000 bytes',
    ],
    'a key beyond the end': [file(start(0, 1), uint64(60_000)), 'a metadata key would end at byte 60032'],
    'a key that is not UTF-8': [file(start(0, 1), uint64(1), Buffer.of(0xff)), 'a metadata key is not UTF-8'],
    'an empty key': [file(start(0, 1), value('', UINT8, Buffer.of(1))), 'a metadata key is empty'],
    'a key twice': [
      file(start(0, 2), value('k', UINT8, Buffer.of(1)), value('k', UINT8, Buffer.of(2))),
      'it has the metadata k twice',
    ],
    'a key of several lines': [
      file(start(0, 1), value('a\nb', 99)),
      'the metadata a\\u{a}b has the type 99, which does not exist',
    ],
    'a string of 2^62 bytes': [
      file(start(0, 1), value('k', STRING, uint64(2n ** 62n))),
      'the metadata k would end at byte',
    ],
    'an array of 2^60 bytes': [
      file(start(0, 1), value('k', ARRAY, uint32(UINT8), uint64(2n ** 60n))),
      'the metadata k would end at byte',
    ],
    'an array of 2^40 strings': [
      file(start(0, 1), value('k', ARRAY, uint32(STRING), uint64(2n ** 40n))),
      'the metadata k would end at byte 8796093022257',
    ],
    'an array of 2^40 arrays': [
      file(start(0, 1), value('k', ARRAY, uint32(ARRAY), uint64(2n ** 40n))),
      'more arrays inside arrays than a model needs',
    ],
    'an array of unknown type': [
      file(start(0, 1), value('k', ARRAY, uint32(13), uint64(0))),
      'the metadata k has the type 13',
    ],
    'arrays five deep': [file(start(0, 1), value('k', ARRAY, nested(5))), 'more arrays inside arrays'],
    'arrays a hundred thousand deep': [
      file(start(0, 1), value('k', ARRAY, nested(100_000))),
      'more arrays inside arrays',
    ],
    '70,000 arrays in one': [
      file(start(0, 1), value('k', ARRAY, uint32(ARRAY), uint64(70_000), manyArrays)),
      'more arrays inside arrays',
    ],
    'an alignment of 0': [
      file(start(0, 1), value('general.alignment', UINT32, uint32(0))),
      'its alignment is 0 (uint32), but a power of two',
    ],
    'an alignment of 48': [
      file(start(0, 1), value('general.alignment', UINT32, uint32(48))),
      'its alignment is 48 (uint32)',
    ],
    'an alignment of another type': [
      file(start(0, 1), value('general.alignment', 10, uint64(32))),
      'its alignment is 32 (uint64), but a power of two (uint32)',
    ],
    'an alignment that is text': [
      file(start(0, 1), value('general.alignment', STRING, text('32'))),
      'is string, but a number is expected',
    ],
    'five dimensions': [
      file(start(1, 0), tensor('w', [1, 1, 1, 1, 1], F32, 0)),
      'tensor w has 5 dimensions, and 4 is the limit',
    ],
    '2^32 dimensions': [file(start(1, 0), text('w'), uint32(0xffffffff)), 'tensor w has 4294967295 dimensions'],
    'a dimension of 0': [
      withData(file(start(1, 0), tensor('w', [0], F32, 0)), 32),
      'tensor w has the shape [0], but lengths are whole numbers',
    ],
    'a dimension of 2^64': [
      withData(file(start(1, 0), tensor('w', [2n ** 64n - 1n], F32, 0)), 32),
      'but lengths are whole numbers',
    ],
    'a shape that overflows': [
      withData(file(start(1, 0), tensor('w', [2 ** 32, 2 ** 32], F32, 0)), 32),
      'which is too large',
    ],
    'a shape that overflows to 0': [
      withData(file(start(1, 0), tensor('w', [2n ** 32n, 2n ** 32n, 2n ** 32n], F32, 0)), 32),
      'which is too large',
    ],
    'half a block': [
      withData(file(start(1, 0), tensor('w', [128, 2], Q4_K, 0)), 144),
      'but Q4_K needs rows of a multiple of 256 elements',
    ],
    'an unknown tensor type': [
      withData(file(start(1, 0), tensor('w', [1], 99, 0)), 32),
      'tensor w has the unknown type 99',
    ],
    'a type given up': [withData(file(start(1, 0), tensor('w', [1], 4, 0)), 32), 'tensor w has the unknown type 4'],
    'a tensor name that is not UTF-8': [file(start(1, 0), uint64(1), Buffer.of(0xc3)), 'a tensor name is not UTF-8'],
    'a tensor twice': [
      withData(file(start(2, 0), tensor('w', [1], F32, 0), tensor('w', [1], F32, 32)), 64),
      'it has the tensor w twice',
    ],
    'an offset of 2^64': [
      withData(file(start(1, 0), tensor('w', [1], F32, 2n ** 64n - 32n)), 32),
      'is truncated: tensor w ends at byte',
    ],
    'an offset beyond the end': [
      withData(file(start(1, 0), tensor('w', [1], F32, 32)), 32),
      'is truncated: tensor w ends at byte',
    ],
    'data cut off': [withData(file(start(1, 0), tensor('w', [8], F32, 0)), 31), 'is truncated: tensor w ends at byte'],
    'an offset between the alignments': [
      withData(file(start(1, 0), tensor('w', [1], F32, 4)), 32),
      'which is not a multiple of 32',
    ],
    'an overlap': [
      withData(file(start(2, 0), tensor('v', [9], F32, 0), tensor('w', [1], F32, 32)), 64),
      'tensor w overlaps the one before it',
    ],
    'the same data twice': [
      withData(file(start(2, 0), tensor('v', [1], F32, 0), tensor('w', [1], F32, 0)), 64),
      'tensor w overlaps the one before it',
    ],
  };

  for (const [title, [bytes, message]] of Object.entries(cases)) {
    it(`with ${title} is one clear sentence`, async () => {
      const path = join(folder, 'damaged.gguf');
      writeFileSync(path, bytes);
      const error = await openGguf(path).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(TsgptError);
      expect((error as Error).message).toContain(message);
      expect((error as Error).message).toContain(path);
      expect((error as Error).message).toMatch(/^[^A-Z\n][^\n]*; [^\n;]*[^\n;.]$/); // what is wrong; what to do
    });
  }

  it('fails when a value is read that is not what its type says', async () => {
    const bytes = file(start(0, 2), value('flag', 7, Buffer.of(2)), value('name', STRING, uint64(1), Buffer.of(0xff)));
    const { metadata } = await openGgufBytes(bytes);
    expect(() => metadata.boolean('flag')).toThrow('the metadata flag is neither true nor false; download it again');
    expect(() => metadata.string('name')).toThrow('the metadata name is not UTF-8; download it again');
  });

  it('may have gaps between tensors, and tensors in another order', async () => {
    const bytes = withData(file(start(2, 0), tensor('b', [1], F32, 64), tensor('a', [1], F32, 0)), 68);
    bytes.writeFloatLE(2, bytes.length - 4);
    const reader = await openGgufBytes(bytes);
    expect([...reader.tensors.keys()]).toEqual(['b', 'a']);
    expect([...(await reader.readFloats('b')).data]).toEqual([2]);
  });

  /** A file that seems to have `byteLength` bytes, of which only the first are there; counts what is read. */
  const source = (bytes: Uint8Array, byteLength: number) => {
    const counted = { read: 0, largest: 0, closed: 0 };
    return {
      counted,
      name: 'counted.gguf',
      byteLength,
      close: async () => void counted.closed++,
      readInto: async (target: Uint8Array, offset: number) => {
        counted.read += target.length;
        counted.largest = Math.max(counted.largest, target.length);
        target.set(bytes.subarray(offset, offset + target.length));
      },
    };
  };

  it('is not read as far as it claims to go, if no header is that long', async () => {
    for (const bytes of [
      file(start(0, 1), value('k', STRING, uint64(2 ** 39))),
      file(start(0, 1), value('k', ARRAY, uint32(UINT8), uint64(2 ** 39))),
      file(start(0, 1), value('k', ARRAY, uint32(STRING), uint64(2 ** 36))),
    ]) {
      const huge = source(bytes, 2 ** 40);
      await expect(GgufReader.open(huge)).rejects.toThrow(
        /counted\.gguf cannot be read: .*a header may have at most 100000000/,
      );
      expect(huge.counted).toEqual({ read: 1 << 20, largest: 1 << 20, closed: 1 });
    }
  });

  it('never makes anything larger than itself', async () => {
    for (const [bytes] of Object.values(cases)) {
      const small = source(bytes, bytes.length);
      await expect(GgufReader.open(small)).rejects.toThrow(TsgptError);
      expect(small.counted.largest).toBeLessThanOrEqual(bytes.length);
      expect(small.counted.closed).toBe(1);
    }
  });

  it('has its header read in larger and larger pieces until it is whole', async () => {
    const tokens = Array.from({ length: 300_000 }, (_, i) => text(`token ${i}`));
    const bytes = withData(
      file(
        start(1, 1),
        value('tokens', ARRAY, uint32(STRING), uint64(tokens.length), Buffer.concat(tokens)),
        tensor('w', [1], F32, 0),
      ),
      4,
    );
    expect(bytes.length).toBeGreaterThan(5 << 20);
    const long = source(bytes, bytes.length);
    const reader = await GgufReader.open(long);
    expect(reader.metadata.strings('tokens')[299_999]).toBe('token 299999');
    expect(reader.has('w')).toBe(true);
    expect(long.counted.read).toBeLessThan(3 * bytes.length);
    for (const length of [bytes.length - 5, 3 << 20, (1 << 20) + 1, 1 << 20]) {
      await expect(GgufReader.open(source(bytes.subarray(0, length), length))).rejects.toThrow(/is truncated/);
    }
  });
});
