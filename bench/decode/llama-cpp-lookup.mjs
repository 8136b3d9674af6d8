/**
 * llama.cpp through node-llama-cpp with its own look-up decoding: `llama-cpp-lookup.mjs <file.gguf> <threads>`; its package is in interop/. Asked for
 * `{ prompt, continuation, lookup }`, lists of tokens, it answers with the seconds per token.
 */
import { createInterface } from 'node:readline';
import { loadLlama, nodeLlamaCpp } from './load-llama.mjs';

const { InputLookupTokenPredictor, TokenBias } = nodeLlamaCpp;
const [path, threads] = process.argv.slice(2);
const model = await loadLlama(path);
const context = await model.createContext({
  contextSize: 1024,
  batchSize: 1024,
  sequences: 2,
  threads: Number(threads),
  flashAttention: true,
});
const predictor = new InputLookupTokenPredictor();
const sequences = { plain: context.getSequence(), lookup: context.getSequence({ tokenPredictor: predictor }) };

async function write(prompt, continuation, lookup) {
  const sequence = lookup ? sequences.lookup : sequences.plain;
  await sequence.clearHistory();
  if (lookup) predictor.updateInputTokens(prompt);
  const written = [];
  /** Tokens chosen in the current pass: a pass that checks guesses chooses several, in their order. */
  let chosen = 0;
  const tokenBias = () => {
    const next = continuation[written.length + chosen++] ?? 0;
    return new TokenBias(model.tokenizer).set(next, { logit: 1e6 });
  };
  let start = 0;
  for await (const token of sequence.evaluate(prompt, { temperature: 0, tokenBias, yieldEogToken: true })) {
    if (written.length === 0) start = performance.now(); // the prompt is read
    written.push(token);
    chosen = 0;
    if (written.length === continuation.length) break;
  }
  const seconds = (performance.now() - start) / 1000 / (continuation.length - 1);
  if (written.join() !== continuation.join()) throw new Error('the text is not the given one');
  return seconds;
}

process.stdout.write('{"ready":true}\n');
for await (const line of createInterface({ input: process.stdin })) {
  const { prompt, continuation, lookup, exit } = JSON.parse(line);
  if (exit) break;
  process.stdout.write(`${JSON.stringify({ seconds: await write(prompt, continuation, lookup) })}\n`);
}
process.exit(0);
