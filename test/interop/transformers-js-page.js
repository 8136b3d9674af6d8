// What a web page does to write with a model by transformers.js; the test calls `write`.
import { AutoModelForCausalLM, env, Tensor } from '/transformers/transformers.js';

Object.assign(env, {
  allowRemoteModels: false,
  allowLocalModels: true,
  localModelPath: '/models/',
  useBrowserCache: false,
});
Object.assign(env, { useWasmCache: false });
Object.assign(env.backends.onnx.wasm, { wasmPaths: '/onnxruntime/', numThreads: 1 });

/** Continues a text by the likeliest tokens; tells also what the model made of the text. */
globalThis.write = async ({ name, device, dtype, ids, newTokens }) => {
  const model = await AutoModelForCausalLM.from_pretrained(name, { device, dtype });
  const inputs = new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]);
  const attention_mask = new Tensor('int64', new BigInt64Array(ids.length).fill(1n), [1, ids.length]);
  const { logits } = await model({ input_ids: inputs, attention_mask });
  const written = await model.generate({ inputs, max_new_tokens: newTokens, do_sample: false, eos_token_id: null });
  await model.dispose();
  return { logits: logits.tolist()[0].at(-1), tokens: written.tolist()[0].slice(ids.length).map(Number) };
};

/** Whether there is a graphics processor, or a program that takes its part. */
globalThis.hasGraphics = async () => Boolean(await navigator.gpu?.requestAdapter());
