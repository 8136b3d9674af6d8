/** transformers.js: `transformers-js.mjs <folder> <f32|q8|q4> <threads>`; its package is in interop/. */
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { serve } from '../dist/bench/decode/protocol.js';

const require = createRequire(resolve('interop/package.json'));
const { AutoModelForCausalLM, AutoTokenizer, env, Tensor } = await import(
  pathToFileURL(require.resolve('@huggingface/transformers')).href
);
const [folder, type, threads] = process.argv.slice(2);
env.allowRemoteModels = false;
env.localModelPath = `${dirname(resolve(folder))}/`;
const name = folder.split('/').at(-1);
await AutoTokenizer.from_pretrained(name); // as a user who begins with a text
const model = await AutoModelForCausalLM.from_pretrained(name, {
  dtype: { f32: 'fp32', q8: 'q8', q4: 'q4' }[type],
  device: 'cpu',
  session_options: { intraOpNumThreads: Number(threads), interOpNumThreads: 1 },
});

const inputs = (ids) => {
  const tensor = (values) => new Tensor('int64', BigInt64Array.from(values, BigInt), [1, ids.length]);
  return { input_ids: tensor(ids), attention_mask: tensor(ids.map(() => 1)) };
};
/** The moment at which each of `count` tokens was there. */
async function generate(ids, count) {
  const times = [];
  const streamer = { put: () => times.push(performance.now()), end: () => {} };
  const start = performance.now();
  await model.generate({ ...inputs(ids), max_new_tokens: count, min_new_tokens: count, do_sample: false, streamer });
  return { start, times: times.slice(-count) }; // the prompt is put first
}

await serve({
  prefill: async (ids) => {
    const { start, times } = await generate(ids, 1);
    return (times[0] - start) / 1000;
  },
  decode: async (ids, count) => {
    const { times } = await generate(ids, count);
    return times.slice(1).map((time, i) => (time - times[i]) / 1000);
  },
});
process.exit(0);
