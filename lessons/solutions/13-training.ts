// Solutions of lesson 13.
import { readFileSync } from 'node:fs';
import * as tsgpt from 'tsgpt';
import { fromArray, GPT2, Random } from 'tsgpt';
import { bundledNovelPath } from 'tsgpt/node';
import { section, show } from '../kit/lesson.ts';

const novel = readFileSync(bundledNovelPath(), 'utf8').slice(0, 20_000);

section('Exercise 1');
await show('1024 tokens', Math.log(1024));
await show('27 letters', Math.log(27));
const encoded = new tsgpt.GPT2Tokenizer().encode(novel);
const words = Int32Array.from(encoded.slice(0, 257));
const wide = new GPT2(tsgpt.gpt2.small, new Random(123));
const read = fromArray(words.slice(0, 256), [1, 256]);
const next = fromArray(words.slice(1), [1, 256]);
await show('GPT-2 small', wide.loss(read, next));

section('Exercise 2');
const tokenizer = tsgpt.CharTokenizer.fromText(novel);
const ids = Uint16Array.from(tokenizer.encode(novel));
const { vocabSize } = tokenizer;
const size = { contextLength: 32, embDim: 32, nHeads: 2, nLayers: 1 };
for (const rate of [0.01, 0.1, 1]) {
  const model = new GPT2({ ...size, vocabSize }, new Random(1));
  const sizes = { batchSize: 4, windowLength: 32 };
  const windows = new tsgpt.RandomWindows(ids, sizes, new Random(1));
  const losses: number[] = [];
  for (let step = 0; step < 40; step++) {
    const { tokens, targets } = windows.next();
    const loss = model.loss(
      fromArray(tokens.data, tokens.shape),
      fromArray(targets.data, targets.shape),
    );
    const parameters = model.parameters();
    const moved = tsgpt
      .grad(loss, parameters)
      .map((gradient, i) => gradient.mul(-rate).add(parameters[i] ?? 0));
    await tsgpt.compute([loss, ...moved]); // all in one pass
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
