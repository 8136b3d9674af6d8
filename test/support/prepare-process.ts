// A program that prepares sources in small steps, or goes on with that, and writes a line after each.
import { GPT2Tokenizer } from '../../src/tokenizer/index.ts';
import { prepareAt, smallPace } from './prepare.ts';

const [folder, threads, ...sources] = process.argv.slice(2) as [string, string, ...string[]];
await prepareAt(smallPace, sources, {
  tokenizer: new GPT2Tokenizer(),
  ...{ folder, threads: Number(threads), shardSize: 3000, validationFraction: 0.2 },
  onProgress: ({ tokens }) => console.log(tokens),
});
