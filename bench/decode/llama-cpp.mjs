/**
 * llama.cpp through node-llama-cpp: `llama-cpp.mjs <file.gguf> <flash|plain> <threads> [context] [batch]`; its package is in interop/. The context and
 * the batch, the most tokens of one pass, default to 1,024.
 */
import { serve } from '../dist/bench/decode/protocol.js';
import { loadLlama } from './load-llama.mjs';

const [path, attention, threads, contextSize = 1024, batchSize = 1024] = process.argv.slice(2);
const model = await loadLlama(path);
const options = {
  contextSize: Number(contextSize),
  batchSize: Number(batchSize),
  threads: Number(threads),
  flashAttention: attention === 'flash',
};
const context = await model.createContext(options);
const sequence = context.getSequence();

const clear = () => sequence.clearHistory();
await serve({
  prefill: async (ids) => {
    await clear();
    const start = performance.now();
    await sequence.evaluateWithoutGeneratingNewTokens(ids);
    return (performance.now() - start) / 1000;
  },
  decode: async (ids, count) => {
    await clear();
    const times = [];
    let last;
    for await (const _ of sequence.evaluate(ids, { temperature: 0 })) {
      const now = performance.now();
      if (last !== undefined) times.push((now - last) / 1000);
      last = now;
      if (times.length === count - 1) break;
    }
    return times;
  },
});
process.exit(0);
