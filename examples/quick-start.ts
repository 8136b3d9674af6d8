import { CharTokenizer, GPT2, generate, grad, splitTrainValidation, tensor, train } from 'tsgpt';

// Tensors are lazy: operations build a graph; asking for values runs it.
const x = tensor([1, 2, 3], { name: 'x' });
const loss = x.mul(x).sum();
console.log(await loss.item(), await grad(loss, [x])[0]!.array());

// A GPT over the characters of a text, small enough to learn the text in seconds.
const text = 'the quick brown fox jumps over the lazy dog. '.repeat(50);
const tokenizer = CharTokenizer.fromText(text);
const data = splitTrainValidation(Uint16Array.from(tokenizer.encode(text)));
const shape = { contextLength: 32, embDim: 32, nHeads: 4, nLayers: 2 };
const model = new GPT2({ ...shape, vocabSize: tokenizer.vocabSize, dropRate: 0 });

for await (const report of train(model, data, { steps: 200, warmupSteps: 20, learningRate: 3e-3 })) {
  if (report.validationLoss !== undefined) console.log(`step ${report.step}: loss ${report.validationLoss.toFixed(3)}`);
}
for await (const piece of generate(model, tokenizer, 'the quick', { maxTokens: 35, temperature: 0 })) {
  process.stdout.write(piece);
}
