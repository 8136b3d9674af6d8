import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gguf } from '@huggingface/gguf';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sizeOf } from '../../../../src/core/shape.ts';
import { openGguf, writeGguf } from '../../../../src/disk/gguf.ts';
import {
  float32,
  type GgufTensorToWrite,
  type MetadataToWrite,
  uint32,
  type WritableType,
} from '../../../../src/formats/gguf/index.ts';
import { GgufReader } from '../../../../src/formats/gguf/reader.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsgpt-gguf-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const inFolder = (name: string) => join(folder, name);

const bytesOf = (array: ArrayBufferView) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

/** The largest allowed difference between a number in `values` and its form stored as `type`. */
function tolerances(type: WritableType, values: Float32Array): Float32Array {
  if (type === 'F32') return new Float32Array(values.length);
  // Half precision: half a step is 2^-11 of the number, or 2^-25 where steps get no smaller.
  if (type === 'F16') return values.map((value) => Math.max(Math.abs(value) * 2 ** -11, 2 ** -25));
  let allowed = 0;
  return values.map((_, i) => {
    if (i % 32 > 0) return allowed;
    const largest = values.subarray(i, i + 32).reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    // Half a step, or a whole one in Q4_0, whose steps do not reach as far up as down; and the step's own rounding to half
    // precision, as often as there are steps to the number.
    const [steps, away] = type === 'Q8_0' ? [127, 0.5001] : [8, 1.0001];
    const step = largest / steps;
    allowed = step * away + steps * Math.max(step * 2 ** -11, 2 ** -25);
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
    type: fc.constantFrom<WritableType>('F32', 'F16', 'Q8_0', 'Q4_0'),
    outer: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
    inner: fc.integer({ min: 1, max: 4 }),
    power: fc.integer({ min: -30, max: 15 }),
    lazy: fc.boolean(),
    seed: fc.integer(),
  })
  .map(({ type, outer, inner, power, lazy, seed }) => {
    const shape = [...outer, type.startsWith('Q') ? 32 * inner : inner];
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
              type: { 0: 'F32', 1: 'F16', 2: 'Q4_0', 8: 'Q8_0' }[dtype as number],
              offset: Number(theirs.tensorDataOffset + offset),
            },
          ]);
          expect(theirs.tensorInfos.every(({ dtype }) => [0, 1, 2, 8].includes(dtype))).toBe(true);
          expect([...reader.tensors]).toMatchObject(infos);
        },
      ),
      { numRuns: 50 },
    );
  });
});
