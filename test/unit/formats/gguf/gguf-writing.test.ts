import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TsgptError } from '../../../../src/core/errors.ts';
import { writeGguf } from '../../../../src/disk/gguf.ts';
import { uint32 } from '../../../../src/formats/gguf/index.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsgpt-gguf-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const inFolder = (name: string) => join(folder, name);

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
      'the type Q4_K cannot be written; use one of F32, F16, Q8_0, Q4_0',
    ],
    'an inherited type': [{}, [{ ...tensor, type: 'toString' }], 'the type toString cannot be written'],
    'a name twice': [{}, [tensor, tensor], 'there are two of that name'],
    'a name too long': [{}, [{ ...tensor, name: 'é'.repeat(32) }], 'a name has 1 to 63 bytes of UTF-8'],
    'no name': [{}, [{ ...tensor, name: '' }], 'a name has 1 to 63 bytes'],
    'a name with a zero': [{}, [{ ...tensor, name: 'a\0b' }], 'none of them zero'],
    'half a surrogate pair in a name': [{}, [{ ...tensor, name: lone }], 'a name has 1 to 63 bytes of UTF-8'],
    'no key': [{ '': 'x' }, [], 'a name has 1 to 65535 bytes'],
    'half a surrogate pair': [{ k: lone }, [], 'it has half a surrogate pair'],
    'half a surrogate pair in a list': [{ k: [lone] }, [], 'it has half a surrogate pair'],
    'a number without a type': [{ k: 5 }, [], 'a number must say its type; use uint32(), float32() or { type, value }'],
    'nothing as a value': [{ k: null }, [], 'a number must say its type'],
    'a mixed list': [{ k: ['a', true] }, [], 'a list must be all strings or all true and false'],
    'a list of numbers': [{ k: [1, 2] }, [], 'give numbers in a typed array'],
    'another view of bytes': [
      { k: new DataView(new ArrayBuffer(1)) },
      [],
      'the format has no type for the elements of this array',
    ],
    'a fraction as uint32': [{ k: uint32(0.5) }, [], '0.5 is not of type uint32'],
    'a negative uint32': [{ k: uint32(-1) }, [], '-1 is too large or too small for uint32'],
    'a uint64 beyond 64 bits': [{ k: { type: 'uint64', value: 2n ** 64n } }, [], '18446744073709551616 is too large'],
    'an alignment of 33': [{ 'general.alignment': uint32(33) }, [], 'it must be a power of two up to 65536'],
    'an alignment of 2^20': [{ 'general.alignment': uint32(1 << 20) }, [], 'it must be a power of two up to 65536'],
    'an alignment that is text': [{ 'general.alignment': '32' }, [], 'give it as uint32(32), for example'],
    'an infinite half': [
      {},
      [{ ...tensor, type: 'F16', data: data.with(3, 1e9) }],
      'it has the value 1000000000, but 65504 is the limit',
    ],
  };

  for (const [title, [metadata, tensors, message]] of Object.entries(cases)) {
    it(`refuses ${title}, and leaves no file`, async () => {
      const error = await writeGguf(inFolder('refused'), { metadata, tensors } as never).catch(
        (error: unknown) => error,
      );
      expect(error).toBeInstanceOf(TsgptError);
      expect((error as Error).message).toContain(message);
      expect((error as Error).message).toMatch(/^[^A-Z\n][^\n]*; [^\n;]*[^\n;.]$/); // what is wrong; what to do
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
