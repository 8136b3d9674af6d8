// Solutions of lesson 17.
import { GPT2, Random, tensor } from 'tsgpt';
import { MixedRows, PackedRows, RandomRows, tokenSourceOf } from 'tsgpt/text';
import { section, show } from '../kit/lesson.ts';

section('Exercise 1');
const ids = Uint16Array.of(1, 2, 0, 3, 4, 5, 0, 6, 7, 8, 9, 0, 10, 0);
const source = tokenSourceOf(ids, { documentStarts: [0, 3, 7, 12] });
for (const windowLength of [5, 7, 14]) {
  const options = { windowLength, endOfTextId: 0 };
  const packed = new PackedRows(source, options, new Random(1));
  const { rows, padding } = await packed.measure();
  await show(`rows of ${windowLength}`, [rows, padding]);
}

section('Exercise 2');
for (const weight of [1, 3, 9]) {
  const other = tokenSourceOf(Uint16Array.of(1, 2, 3));
  const most = { rows: new RandomRows(source, 2, new Random(1)), weight };
  const rest = { rows: new RandomRows(other, 2, new Random(2)), weight: 1 };
  const mixture = new MixedRows([most, rest], new Random(3));
  let count = 0;
  for (let i = 0; i < 1000; i++)
    for (const piece of await mixture.next())
      if (piece.source === source) count++;
  await show(`weights ${weight} and 1`, count);
}

section('Exercise 3');
const sizes = { vocabSize: 20, embDim: 32, nHeads: 2, nLayers: 2 };
const model = new GPT2({ ...sizes, contextLength: 8 });
const int = (...ids: number[]) => tensor([ids], { dtype: 'int32' });
await show('alone', model.loss(int(0, 5, 6), int(5, 6, 0)));
const padded = int(0, 5, 6, 0, 0);
await show('padded', model.loss(padded, int(5, 6, 0, -100, -100)));
await show('if padding counted', model.loss(padded, int(5, 6, 0, 0, 0)));
