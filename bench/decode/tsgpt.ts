/** tsgpt's side: `tsgpt.js <folder> <f32|q8|q4> <threads>` */
import { setFlagsFromString } from 'node:v8';
import { openModel } from '../../src/disk/pretrained.ts';
import { setRuntime } from '../../src/runtime/index.ts';
import { createNodeRuntime } from '../../src/runtime/node/node-runtime.ts';
import { serve } from './protocol.ts';

const [folder, type, threads] = process.argv.slice(2) as [string, 'f32' | 'q8' | 'q4', string];
setFlagsFromString('--semi-space-growth-factor=1'); // as the command line does for `generate` and `chat`
setRuntime(await createNodeRuntime({ threads: Number(threads) }));
const opened = await openModel(folder);
const decoder = await opened.decoder({ quantize: type === 'f32' ? undefined : type });
const cache = decoder.createCache();

const seconds = async (work: () => Promise<unknown>) => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};
const likeliest = (logits: Float32Array) => {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  return best;
};

await serve({
  prefill: (ids) => {
    cache.truncate(0, 0);
    return seconds(() => decoder.append(cache, [ids]));
  },
  decode: async (ids, count) => {
    cache.truncate(0, 0);
    let [logits] = await decoder.append(cache, [ids]);
    const times: number[] = [];
    for (let i = 0; i < count; i++) {
      times.push(
        await seconds(async () => {
          [logits] = await decoder.append(cache, [[likeliest(logits!)]]);
        }),
      );
    }
    return times.slice(1);
  },
});
