import { generate, logitLens } from 'tsgpt';
import { openModel } from 'tsgpt/node';

const [folder = 'path/to/gpt2'] = process.argv.slice(2); // with config.json, model.safetensors, tokenizer files
const opened = await openModel(folder); // or a training run, a .gguf file, or 'openai-community/gpt2' from the hub
const tokenizer = opened.tokenizer!;

const decoder = await opened.decoder({ quantize: 'q8' }); // for writing: 8-bit weights, outside JavaScript's memory
const options = { maxTokens: 40, topP: 0.9, seed: 1 };
for await (const piece of generate(decoder, tokenizer, 'Once upon a time', options)) process.stdout.write(piece);
await decoder.dispose();

const model = await opened.model(); // for looking inside, or for training
const lens = await logitLens(model, tokenizer.encode('Once upon a'), 3); // what each block would predict
console.dir(lens, { depth: null });
