/** Loads a model 50 times, writes a little with it each time, and prints the memory that is then in use, in MiB. */
import { setTimeout } from 'node:timers/promises';
import { loadCheckpoint } from '../../src/disk/run/index.ts';
import { Decoder } from '../../src/generate/index.ts';
import { loadDecoder } from './load-model.ts';

const [source, path, disposal] = process.argv.slice(2) as ['run' | 'published', string, 'dispose' | 'using' | 'forget'];

async function load(): Promise<Decoder> {
  if (source === 'published') return loadDecoder(path);
  return new Decoder((await loadCheckpoint(path)).model);
}

/** The memory in use while the model is there. */
async function loadAndUse(): Promise<number> {
  const prompt = [1, 2, 3, 4, 5];
  if (disposal === 'using') {
    await using decoder = await load();
    await decoder.append(decoder.createCache(), [prompt]);
    return memoryInUse();
  }
  const decoder = await load();
  await decoder.append(decoder.createCache(), [prompt]);
  const memory = await memoryInUse();
  if (disposal === 'dispose') await decoder.dispose();
  return memory;
}

/** The process's memory in MiB, after garbage collection. */
async function memoryInUse(): Promise<number> {
  // Memory outside of JavaScript is only freed after the next turn of the event loop.
  for (let turn = 0; turn < 2; turn++) {
    globalThis.gc!();
    await setTimeout(5);
  }
  return process.memoryUsage().rss / 2 ** 20;
}

const memory: number[] = [];
for (let i = 0; i < 50; i++) memory.push(await loadAndUse());
console.log(JSON.stringify(memory));
