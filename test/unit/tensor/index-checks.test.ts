import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/compile/index.ts';
import { TsgptError } from '../../../src/core/errors.ts';
import { GPT2 } from '../../../src/models/index.ts';
import { crossEntropy, fromArray, tensor, zeros } from '../../../src/tensor/index.ts';
import { forAll } from '../../support/arbitraries.ts';

const ids = (...values: number[]) => fromArray(Int32Array.from(values), [values.length], 'the tokens');
const table = tensor([[1, 10], [2, 20], [3, 30]]).named('the embedding'); // biome-ignore format: rows

describe('an index out of range', () => {
  it.each([3, -1, 2 ** 31 - 1, -(2 ** 31)])('%d is named, with its position', async (id) => {
    const expected = `the tokens holds ${id} at position 1, but the embedding has only 0 to 2`;
    const failure = table.rows(ids(0, id, 1)).data();
    await expect(failure).rejects.toThrow(new TsgptError(expected));

    const embed = compile((tokens) => [table.rows(tokens!)]);
    await expect(embed.run([ids(0, id, 1)])).rejects.toThrow(expected);
  });

  it('fails one call of a compiled function, not the next', async () => {
    const embed = compile((tokens) => [table.rows(tokens!)]);
    await expect(embed(ids(5))).rejects.toThrow('holds 5 at position 0');
    expect(await (await embed(ids(2)))[0]!.array()).toEqual([[3, 30]]);
    await expect(embed(ids(-2))).rejects.toThrow('holds -2 at position 0');
    expect(embed.traceCount).toBe(1);
  });

  it('is found wherever it is', () => {
    const cases = fc.integer({ min: 1, max: 20 }).chain((length) => fc.tuple(fc.constant(length), fc.nat(length - 1)));
    return forAll(cases, async ([length, position]) => {
      const data = new Int32Array(length).fill(1);
      data[position] = 9;
      await expect(table.rows(fromArray(data, [length])).data()).rejects.toThrow(`holds 9 at position ${position}`);
    });
  });

  it('is found in an index of several dimensions that is reshaped', async () => {
    const grid = fromArray(Int32Array.of(0, 1, 2, 7), [2, 2], 'the grid');
    await expect(table.rows(grid).data()).rejects.toThrow('the grid holds 7 at position 3');
  });

  it('the largest and smallest id are in range', async () => {
    expect(await table.rows(ids(0, 2)).array()).toEqual([[1, 10], [3, 30]]); // biome-ignore format: rows
  });
});

describe('targets of the cross-entropy', () => {
  const logits = zeros([2, 4]);
  it('out of range are named', async () => {
    for (const target of [4, -1]) {
      await expect(crossEntropy(logits, ids(0, target)).item()).rejects.toThrow(
        `the tokens holds ${target} at position 1, but the vocabulary has only 0 to 3`,
      );
    }
  });

  it('that do not count are accepted, -100 or what is chosen', async () => {
    expect(await crossEntropy(logits, ids(1, -100)).item()).toBeCloseTo(Math.log(4));
    expect(await crossEntropy(logits, ids(1, 77), { ignoreIndex: 77 }).item()).toBeCloseTo(Math.log(4));
    await expect(crossEntropy(logits, ids(1, -100), { ignoreIndex: 77 }).item()).rejects.toThrow('holds -100');
    const loss = compile((targets) => [crossEntropy(logits, targets!)]);
    expect((await loss.run([ids(-100, 3)]))[0]![0]).toBeCloseTo(Math.log(4));
  });

  it('are NaN if none counts', async () => {
    expect(await crossEntropy(logits, ids(-100, -100)).item()).toBeNaN();
  });
});

describe('a model', () => {
  it('says which token it does not know, evaluated lazily and compiled', async () => {
    const config = { vocabSize: 5, contextLength: 4, embDim: 4, nHeads: 2, nLayers: 1, dropRate: 0 };
    const model = new GPT2({ ...config, qkvBias: false, tiedHead: true });
    const tokens = fromArray(Int32Array.of(0, 4, 5), [1, 3], 'the tokens');
    const expected = 'the tokens holds 5 at position 2, but tokenEmbedding.weight has only 0 to 4';
    await expect(model.forward(tokens).data()).rejects.toThrow(expected);
    const forward = compile((x) => [model.forward(x!)]);
    await expect(forward(tokens)).rejects.toThrow(expected);
  });
});
