/** Loads a checkpoint 50 times, writes a little with it each time, and prints the memory held after every time, in MiB. */
import { setTimeout } from 'node:timers/promises';
import { Decoder } from '../../../src/generate/index.ts';
import { loadCheckpoint } from '../../../src/train/index.ts';

const [folder, disposal] = process.argv.slice(2) as [string, 'dispose' | 'using' | 'forget'];

async function loadAndUse(): Promise<void> {
  const { model } = await loadCheckpoint(folder);
  const prompt = [1, 2, 3, 4, 5];
  if (disposal === 'using') {
    await using decoder = new Decoder(model);
    await decoder.append(decoder.createCache(), [prompt]);
    return;
  }
  const decoder = new Decoder(model);
  await decoder.append(decoder.createCache(), [prompt]);
  if (disposal === 'dispose') await decoder.dispose();
}

const held: number[] = [];
for (let i = 0; i < 50; i++) {
  await loadAndUse();
  // Collecting takes effect for what lies outside of JavaScript only after the event loop has turned.
  for (let turn = 0; turn < 2; turn++) {
    globalThis.gc!();
    await setTimeout(5);
  }
  held.push(process.memoryUsage().rss / 2 ** 20);
}
console.log(JSON.stringify(held));
