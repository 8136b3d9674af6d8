import { generate, logitLens } from 'tsgpt';
import { openModel } from 'tsgpt/node';

const [name] = process.argv.slice(2);
if (!name) {
  console.error('usage: npx tsx examples/published-model.ts <hub name, folder, training run or .gguf file>');
  process.exit(1);
}
const opened = await openModel(name);
const tokenizer = opened.tokenizer!;

const decoder = await opened.decoder({ quantize: 'q8' }); // for writing: 8-bit weights, outside JavaScript's memory
const options = { maxTokens: 40, topP: 0.9, seed: 1 };
process.stdout.write('Once upon a time');
for await (const piece of generate(decoder, tokenizer, 'Once upon a time', options)) process.stdout.write(piece);
await decoder.dispose();

const model = await opened.model(); // for looking inside, or for training
console.log('\n\nWhat each block would predict after "Once upon a":');
for (const block of await logitLens(model, tokenizer.encode('Once upon a'), 3)) {
  const words = block.predictions.map(({ id, probability }) => {
    return `${JSON.stringify(tokenizer.decode([id]))} ${(100 * probability).toFixed(1)}%`;
  });
  console.log(`${block.name.padEnd(12)}${words.join('  ')}`);
}
