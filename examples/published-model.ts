import { Decoder, generate, logitLens } from 'tsgpt';
import { loadPretrained } from 'tsgpt/pretrained';

const [folder = 'path/to/gpt2'] = process.argv.slice(2); // with config.json, model.safetensors, tokenizer files
const { model, tokenizer } = await loadPretrained(folder);
const decoder = new Decoder(model, { quantize: 'q8' }); // weights of 8 bits; keys and values are cached
const options = { maxTokens: 40, topP: 0.9, seed: 1 };
for await (const piece of generate(decoder, tokenizer!, 'Once upon a time', options)) process.stdout.write(piece);
await decoder.dispose();

console.log(await logitLens(model, tokenizer!.encode('Once upon a'), 3)); // what each layer would predict
