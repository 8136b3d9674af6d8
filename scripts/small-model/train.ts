/**
 * Makes the small model that comes with the project, data/austen.gguf: a GPT of 3.5 million parameters that has read the novels of Jane Austen.
 *
 *     npx tsx scripts/small-model/train.ts <folder of novels> <folder for the run> <file to write> [--steps 1600]
 *
 * data/README.md tells where the novels come from and what the result is. Ctrl-C saves; the same command goes on.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { GPT2, type Tokenizer } from '../../src/index.ts';
import { measurePerplexity, type PerplexityResult } from '../../src/measure/index.ts';
import { loadCheckpoint, saveGguf, trainInFolder } from '../../src/node.ts';
import { textSourceOf } from '../../src/text/index.ts';
import { trainTokenizer } from '../../src/tokenizer/index.ts';
import { initialRandom, type TrainOptions } from '../../src/train/index.ts';
import { readNovels } from './novels.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { steps: { type: 'string', default: '1600' } },
});
const [novelsFolder, runFolder, target] = positionals;
if (!novelsFolder || !runFolder || !target) {
  console.error(
    'usage: npx tsx scripts/small-model/train.ts <folder of novels> <folder for the run> <file to write> [--steps 1600]',
  );
  process.exit(1);
}

const seed = 1811; // the year of the first novel
const config = { contextLength: 256, embDim: 192, nHeads: 6, nLayers: 6, dropRate: 0.2, tiedHead: true };
const options: Partial<TrainOptions> = {
  ...{ optimizer: 'muon', learningRate: 3e-3, minLearningRate: 3e-5, warmupSteps: 50, weightDecay: 0.1 },
  ...{ steps: Number(values.steps), batchSize: 16, evalInterval: 100, evalWindows: 96, seed },
};

const novels = await readNovels(novelsFolder);
const tokenizer = await trainTokenizer(
  novels.map(({ train }) => train),
  { vocabSize: 4096 },
);
const text = { train: tokensOf('train', tokenizer), validation: tokensOf('heldOut', tokenizer) };
console.log(`${text.train.length} tokens to learn from, ${text.validation.length} held out`);

const resumeFrom = existsSync(runFolder) ? await loadCheckpoint(runFolder, 'last') : undefined;
const model =
  (resumeFrom?.model as GPT2) ?? new GPT2({ ...config, vocabSize: tokenizer.vocabSize }, initialRandom(seed));
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
const start = performance.now();
const run = { folder: runFolder, model, tokenizer, text, options, resumeFrom, signal: stop.signal };
for await (const { step, loss, validationLoss, secondsLeft } of trainInFolder(run)) {
  if (validationLoss === undefined) continue;
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(
    `step ${step}: loss ${loss?.toFixed(3)}, held out ${validationLoss.toFixed(3)}, after ${seconds} s, ${secondsLeft?.toFixed(0)} s left`,
  );
}
if (stop.signal.aborted) process.exit(130);

const best = await loadCheckpoint(runFolder, 'best');
await saveGguf(target, best, { type: 'Q8_0', name: 'austen' });
console.log(`wrote ${target}, of step ${best.file.step}; on the held-out ends:`);
for (const { name, heldOut } of novels) {
  let measured: PerplexityResult | undefined;
  for await (const result of measurePerplexity(best.model, tokenizer, textSourceOf(heldOut))) measured = result;
  console.log(name, measured);
}

/** The token ids of a part of all novels; a novel ends with the end-of-text token. */
function tokensOf(part: 'train' | 'heldOut', tokenizer: Tokenizer): Uint16Array {
  return Uint16Array.from(novels.flatMap((novel) => [...tokenizer.encode(novel[part]), tokenizer.endOfTextId!]));
}
