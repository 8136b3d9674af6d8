/**
 * All benchmarks that this machine can run, or those that are named. Each runs tsgpt and its rivals in turn and prints tables in Markdown.
 *
 *     npm run bench                          everything
 *     npm run bench -- train small           training steps beside PyTorch; of some sizes only
 *     npm run bench -- decode q8             writing beside llama.cpp and transformers.js; with some weights only
 *     npm run bench -- context 2048          long texts: training at 1024 and 2048 tokens, and a prompt of 8192 (context prefill)
 *     npm run bench -- speculation           writing with guesses from the text so far
 *     npm run bench -- tokenizer             training tokenizers on 100 MB and on 130 KB of text
 *     npm run bench -- --check               compares the ratios with the recorded ones; exit code 1 if one fell by more than a tenth
 *     npm run bench -- --record              records the ratios for this kind of machine
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { benchmarkContexts } from './context.ts';
import { benchmarkDecoding } from './decode.ts';
import { compareWithRecorded, machineKind, record } from './recorded.ts';
import { progress, type Section } from './section.ts';
import { benchmarkSpeculation } from './speculation.ts';
import { benchmarkTokenizer } from './tokenizer.ts';
import { benchmarkTraining } from './train-step.ts';

const benchmarks: Record<string, (names?: readonly string[]) => Promise<Section>> = {
  train: benchmarkTraining,
  decode: benchmarkDecoding,
  context: benchmarkContexts,
  speculation: benchmarkSpeculation,
  tokenizer: benchmarkTokenizer,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean' }, record: { type: 'boolean' } },
});
const [name, ...parts] = positionals;
if (name !== undefined && !benchmarks[name]) {
  progress(`there is no benchmark ${name}; choose of ${Object.keys(benchmarks).join(', ')}`);
  process.exit(1);
}
const load = loadavg().map((value) => value.toFixed(1));
console.log(`${machineKind()}; load before the run: ${load.join(', ')}\n`);
const ratios: Section['ratios'] = {};
const failures: string[] = [];
for (const [title, run] of Object.entries(benchmarks)) {
  if (name !== undefined && name !== title) continue;
  try {
    const section = await run(parts);
    console.log(section.markdown);
    Object.assign(ratios, section.ratios);
  } catch (error) {
    failures.push(`${title} was not measured: ${error instanceof Error ? error.message : String(error)}`);
  }
}
for (const failure of failures) progress(failure);
if (values.check) {
  const { fell, unknown } = compareWithRecorded(ratios);
  for (const line of fell) console.log(`fell by more than a tenth: ${line}`);
  if (unknown.length > 0) console.log(`not recorded for this kind of machine: ${unknown.join('; ')}`);
  if (fell.length === 0) console.log('no recorded ratio fell by more than a tenth');
  if (fell.length > 0) process.exitCode = 1;
}
if (values.record) record(ratios);
if (failures.length > 0) process.exitCode = 1;
