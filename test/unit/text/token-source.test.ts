import { describe, expect, it } from 'vitest';
import { tokenSourceOf } from '../../../src/text/index.ts';

describe('token ids in memory as a source', () => {
  const ids = Uint16Array.of(5, 6, 7, 8);

  it('are read without a copy, and have one document unless told otherwise', async () => {
    const source = tokenSourceOf(ids);
    expect([source.length, source.documentCount]).toEqual([4, 1]);
    expect(await source.documentStarts(0, 1)).toEqual(Float64Array.of(0));
    const part = await source.read(1, 2);
    expect(part).toEqual(Uint16Array.of(6, 7));
    expect(part.buffer).toBe(ids.buffer);
    expect(tokenSourceOf(new Uint16Array()).documentCount).toBe(0);
  });

  it('have the documents that are given', async () => {
    const source = tokenSourceOf(ids, { name: 'it', documentStarts: [0, 1, 3] });
    expect(source.documentCount).toBe(3);
    expect(await source.documentStarts(1, 2)).toEqual(Float64Array.of(1, 3));
  });

  it.each([
    [[1], 'from 0'],
    [[0, 0], 'ascend'],
    [[0, 4], 'less than 4'],
    [[0, 1.5], 'ascend'],
  ])('refuse documents at %j', (documentStarts, message) => {
    expect(() => tokenSourceOf(ids, { documentStarts })).toThrow(message);
  });

  it.each([
    [3, 2],
    [-1, 2],
    [0, -1],
    [0.5, 1],
    [5, 0],
  ])('refuse to read %d, %d', async (start, count) => {
    await expect(tokenSourceOf(ids).read(start, count)).rejects.toThrow('the tokens has 4 tokens');
  });
});
