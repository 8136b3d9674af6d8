// Solutions of lesson 13.
import { readFileSync } from 'node:fs';
import {
  CharTokenizer,
  compute,
  fromArray,
  GPT2,
  grad,
  Random,
  RandomWindows,
} from 'tsgpt';
import { bundledNovelPath } from 'tsgpt/node';
import { section, show } from '../kit/lesson.ts';

section('Exercise 1');
await show('1024 tokens', Math.log(1024));
await show('27 letters', Math.log(27));

section('Exercise 2');
const text = readFileSync(bundledNovelPath(), 'utf8').slice(0, 20_000);
const tokenizer = CharTokenizer.fromText(text);
const ids = Uint16Array.from(tokenizer.encode(text));
const { vocabSize } = tokenizer;
const size = { contextLength: 32, embDim: 32, nHeads: 2, nLayers: 1 };
for (const rate of [0.01, 0.1, 1]) {
  const model = new GPT2({ ...size, vocabSize }, new Random(1));
  const sizes = { batchSize: 4, windowLength: 32 };
  const windows = new RandomWindows(ids, sizes, new Random(1));
  const losses: number[] = [];
  for (let step = 0; step < 40; step++) {
    const { tokens, targets } = windows.next();
    const loss = model.loss(
      fromArray(tokens.data, tokens.shape),
      fromArray(targets.data, targets.shape),
    );
    const parameters = model.parameters();
    const moved = grad(loss, parameters).map((gradient, i) =>
      gradient.mul(-rate).add(parameters[i] ?? 0),
    );
    await compute([loss, ...moved]); // all in one pass
    losses.push(await loss.item());
    for (const [i, parameter] of parameters.entries())
      parameter.value = (await moved[i]?.floats()) ?? parameter.value;
  }
  await show(`rate ${rate}`, [losses[0] ?? 0, losses.at(-1) ?? 0]);
}

section('Exercise 3');
const surprises = [0.5, 0.5, 0.5, 0.001].map((p) => -Math.log(p));
await show('each', surprises);
await show('loss', surprises.reduce((a, b) => a + b) / 4);
