import { AdamW, CharTokenizer, compile, fromArray, GPT2, grad, Random, RandomWindows, type Tensor } from 'tsgpt';

const text = 'the quick brown fox jumps over the lazy dog. '.repeat(50);
const tokenizer = CharTokenizer.fromText(text);
const ids = Uint16Array.from(tokenizer.encode(text));
const shape = { contextLength: 32, embDim: 32, nHeads: 4, nLayers: 2 };
const model = new GPT2({ ...shape, vocabSize: tokenizer.vocabSize, dropRate: 0, qkvBias: false, tiedHead: true });

// What the model reads and what it should predict: two arrays [batch, time].
const windows = new RandomWindows(ids, { batchSize: 12, windowLength: 32 }, new Random(1));
const nextBatch = () => {
  const { tokens, targets } = windows.next();
  return [fromArray(tokens.data, tokens.shape), fromArray(targets.data, targets.shape)];
};

// The loss, and how it changes with each parameter.
const parameters = model.namedParameters();
const lossAndGradients = compile((tokens: Tensor, targets: Tensor) => {
  const loss = model.loss(tokens, targets);
  return [loss, ...grad(loss, [...parameters.values()])];
});

// The simplest rule: every parameter takes a small step against its gradient.
for (let step = 1; step <= 100; step++) {
  const [loss, ...gradients] = await lossAndGradients(...nextBatch());
  for (const [i, parameter] of [...parameters.values()].entries()) {
    const gradient = await gradients[i]!.floats();
    parameter.value = parameter.value.map((value, j) => value - 0.5 * gradient[j]!);
  }
  if (step % 50 === 0) console.log(`by hand, step ${step}: loss ${(await loss!.item()).toFixed(3)}`);
}

// A better rule: AdamW. For each parameter it has an array for the gradient, by name.
const optimizer = new AdamW(parameters);
for (let step = 1; step <= 200; step++) {
  const [loss, ...gradients] = await lossAndGradients(...nextBatch());
  for (const [i, array] of [...optimizer.gradients.values()].entries()) array.set(await gradients[i]!.floats());
  await optimizer.update({ learningRate: 3e-3 });
  if (step % 100 === 0) console.log(`AdamW, step ${step}: loss ${(await loss!.item()).toFixed(3)}`);
}
