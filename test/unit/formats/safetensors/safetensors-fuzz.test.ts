import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../../src/core/errors.ts';
import { openSafetensorsBytes } from '../../../../src/formats/safetensors/reader.ts';
import { formatSafetensorsHeader } from '../../../../src/formats/safetensors/writer.ts';

/** How many damaged files are tried. */
const mutations = Number(process.env.TSGPT_MUTATIONS ?? 500);

/** A small valid file: three tensors, 44 bytes of data. */
const header = formatSafetensorsHeader(
  [
    { name: 'ids', dtype: 'I64', shape: [2] },
    { name: 'wte.weight', dtype: 'F32', shape: [2, 3] },
    { name: 'half', dtype: 'F16', shape: [2, 1] },
  ],
  { step: '10' },
);
const valid = new Uint8Array([...header, ...Array.from({ length: 44 }, (_, i) => i)]);

/** The places of names and metadata, where any letters are valid. */
const freeText = ['step', '10', 'ids', 'wte.weight', 'half'].flatMap((text) => {
  const start = Buffer.from(header).indexOf(`"${text}"`) + 1;
  return Array.from(text, (_, i) => start + i);
});

/** Reads everything in the file. Either the result is complete, or the error is one for users. */
async function outcome(bytes: Uint8Array): Promise<'read' | 'refused'> {
  try {
    const reader = await openSafetensorsBytes(bytes);
    for (const [name, { shape }] of reader.tensors) {
      const { data } = await reader.read(name);
      expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
    }
    return 'read';
  } catch (error) {
    if (error instanceof TsgptError && !error.message.includes('\n')) return 'refused';
    throw error;
  }
}

describe('a safetensors file with random damage', () => {
  it('is read whole when it has none', async () => {
    expect(await outcome(valid)).toBe('read');
  });

  it('is read or refused when bytes of the header are changed, removed, added or cut off', async () => {
    const position = fc.nat(header.length - 1);
    // Characters that mean something in JSON reach deeper than random ones.
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('{}[]",:-.0123456789eE\\FIBU')));
    const edit = fc.tuple(fc.constantFrom('change', 'remove', 'add', 'cut'), position, byte);
    const letter = fc.integer({ min: 'a'.charCodeAt(0), max: 'z'.charCodeAt(0) });
    const renaming = fc.tuple(fc.constant('change'), fc.constantFrom(...freeText), letter);
    const edits = fc.oneof(
      { weight: 4, arbitrary: fc.array(edit, { minLength: 1, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.array(renaming, { minLength: 1, maxLength: 3 }) },
    );
    const outcomes = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(edits, async (edits) => {
        const bytes = [...valid];
        for (const [kind, at, value] of edits) {
          if (kind === 'change') bytes[at] = value;
          if (kind === 'remove') bytes.splice(at, 1);
          if (kind === 'add') bytes.splice(at, 0, value);
          if (kind === 'cut') bytes.length = Math.min(bytes.length, at);
        }
        outcomes[await outcome(Uint8Array.from(bytes))]++;
      }),
      { numRuns: mutations },
    );
    expect(outcomes.refused).toBeGreaterThan(0.6 * mutations); // else the edits do not reach what is checked
    expect(outcomes.read).toBeGreaterThan(0.1 * mutations); // names and metadata may be anything
  });

  it('is refused wherever it is cut off', async () => {
    for (let length = 0; length < valid.length; length++) {
      expect(await outcome(valid.subarray(0, length))).toBe('refused');
    }
  });
});
