import { describe, expect, it } from 'vitest';
import { GPT2, Llama } from '../../../src/models/index.ts';
import { Random } from '../../../src/random/index.ts';
import { fromArray, grad, stack, tensor } from '../../../src/tensor/index.ts';
import { documentStartsOf, PackedRows, RowBatches, tokenSourceOf } from '../../../src/text/index.ts';
import { nextToken } from '../../../src/train/index.ts';

const END = 10;
const shape = { vocabSize: 11, embDim: 16, nHeads: 4, nLayers: 2, dropRate: 0 };
const models = {
  'GPT-2': (contextLength: number) => new GPT2({ ...shape, contextLength }, new Random(3)),
  Llama: (contextLength: number) => new Llama({ ...shape, contextLength, nKvHeads: 2, hiddenDim: 32 }, new Random(3)),
  'Llama with a sliding window': (contextLength: number) =>
    new Llama({ ...shape, contextLength, nKvHeads: 2, hiddenDim: 32, slidingWindow: 5 }, new Random(3)),
};

/** Documents of the digits 0 to 9, each ended by END. */
function text(lengths: readonly number[]): Uint16Array {
  const random = new Random(8);
  return Uint16Array.from(lengths.flatMap((n) => [...Array.from({ length: n - 1 }, () => random.integer(10)), END]));
}

async function packedBatch(ids: Uint16Array, windowLength: number) {
  const source = tokenSourceOf(ids, { documentStarts: documentStartsOf(ids, END) });
  const rows = new PackedRows(source, { windowLength, endOfTextId: END }, new Random(1));
  const batchSize = (await rows.measure()).rows;
  return new RowBatches(rows, { batchSize, windowLength, endOfTextId: END, documentStarts: true }).next();
}

describe.each(Object.entries(models))('%s', (_, create) => {
  it.each([
    ['short rows', 12, [5, 7, 3, 12, 2, 6]],
    ['rows that attention reads in blocks', 520, [250, 219, 40, 511]],
  ])('learns from packed documents as from each alone: %s', async (_, windowLength, lengths) => {
    const model = create(windowLength);
    const ids = text(lengths);
    const batch = await packedBatch(ids, windowLength);
    const tensors = Object.fromEntries(
      Object.entries(batch).map(([name, { data, shape }]) => [name, fromArray(data, shape)]),
    );
    const packed = nextToken(model, tensors as never, {});

    const starts = [...documentStartsOf(ids, END), ids.length];
    const losses = lengths.map((length, i) => {
      const document = [...ids.subarray(starts[i], starts[i + 1])];
      return model
        .loss(tensor([[END, ...document.slice(0, -1)]], { dtype: 'int32' }), tensor([document], { dtype: 'int32' }))
        .mul(length);
    });
    const apart = losses.reduce((sum, loss) => sum.add(loss)).div(ids.length);
    const weights = [...model.namedParameters().values()];
    const [ours, theirs] = [grad(packed, weights), grad(apart, weights)];
    const differences = ours.map((gradient, i) => gradient.sub(theirs[i]!).abs().max());
    const largest = stack([packed.sub(apart).abs(), ...differences]).max(); // one graph for all of them
    expect(await largest.item()).toBeLessThan(2e-5);
  });

  it('sees earlier documents of the row where they are not kept apart', async () => {
    const model = create(12);
    const batch = await packedBatch(text([5, 7]), 12);
    const { documentStarts, ...rest } = Object.fromEntries(
      Object.entries(batch).map(([name, { data, shape }]) => [name, fromArray(data, shape)]),
    );
    const apart = await nextToken(model, { ...rest, documentStarts } as never, {}).item();
    expect(Math.abs(apart - (await nextToken(model, rest as never, {}).item()))).toBeGreaterThan(1e-5);
  });
});

it('documents are not kept apart in a pass that has another mask', () => {
  const model = models.Llama(4);
  const tokens = tensor([[1, 2]], { dtype: 'int32' });
  const documentStarts = tensor([[0, 0]], { dtype: 'int32' });
  expect(() => model.forward(tokens, { documentStarts, mask: null })).toThrow('so the pass takes no mask');
});
