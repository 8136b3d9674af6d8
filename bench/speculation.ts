/**
 * Speculative decoding beside plain decoding: GPT-2 124M with random weights writes given texts, which stands for a trained model that would choose
 * them. Every pass is real; only the choice is given. Plain and look-up take turns, and so does llama.cpp with its own look-up, if it is installed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openModel } from '../src/disk/pretrained.ts';
import { Decoder, generateTokens, LookupDraft } from '../src/generate/index.ts';
import { setRuntime } from '../src/runtime/index.ts';
import { createNodeRuntime } from '../src/runtime/node/node-runtime.ts';
import { GPT2Tokenizer } from '../src/tokenizer/index.ts';
import { Child } from './child.ts';
import { threads } from './configurations.ts';
import { makeModels, types } from './decode/models.ts';
import { progress, type Section } from './section.ts';
import { median } from './statistics.ts';

const rounds = 3;
/** The most tokens to write; a shorter text is written whole. */
const tokens = 150;

const root = join(import.meta.dirname, '..');
const tokenizer = new GPT2Tokenizer();
/** A change to code: a file, and then the same file with a parameter renamed. */
const code = readFileSync(join(root, 'src/generate/kv-cache.ts'), 'utf8').slice(0, 1400);
const changed = code.replaceAll('batchSize', 'texts').replaceAll('capacity', 'room');
/** A text that quotes an earlier one. */
const novel = readFileSync(join(root, 'data/pride-and-prejudice.txt'), 'utf8').slice(3000);
const passage = novel.slice(0, 1200);
const quotations = `In short: "${passage.slice(200, 420)}" And later: "${passage.slice(600, 900)}"`;
/** By name: what it is, the prompt and the text to write. */
const texts = {
  code: ['a change to code', `${code}\n// The same with other names:\n`, changed],
  quotations: ['a summary with quotations', passage, quotations],
  novel: ['a novel', passage, novel.slice(1200, 4000)],
} as const;

/** Seconds per token, of each writing. */
interface Times {
  plain: number[];
  lookup: number[];
}

/** A writer of texts, plain or with look-up. Returns the seconds per token, without the time for the prompt. */
type Write = (prompt: readonly number[], continuation: readonly number[], isPlain: boolean) => Promise<number>;

function writeWith(decoder: Decoder): Write {
  const script: number[] = [];
  // The likeliest token becomes the next one of the script.
  const follow = (logits: Float32Array, position: number) => {
    logits[script[position]!] = 1e9;
  };
  const { append, score } = Decoder.prototype;
  decoder.append = async (cache, ids) => {
    const logits = await append.call(decoder, cache, ids);
    follow(logits[0]!, cache.lengths[0]!);
    return logits;
  };
  decoder.score = async (cache, text, ids) => {
    const from = cache.lengths[text]!;
    const rows = await score.call(decoder, cache, text, ids);
    for (const [i, row] of rows.entries()) follow(row, from + i + 1);
    return rows;
  };
  return async (prompt, continuation, isPlain) => {
    script.splice(0, Infinity, ...prompt, ...continuation);
    const draft = isPlain ? undefined : new LookupDraft();
    const written: number[] = [];
    let start = 0;
    const options = { temperature: 0, maxTokens: continuation.length, draft };
    for await (const { id } of generateTokens(decoder, prompt, options)) {
      if (written.length === 0) start = performance.now(); // the prompt is read
      written.push(id);
    }
    if (written.join() !== continuation.join()) throw new Error('the text is not the given one');
    return (performance.now() - start) / 1000 / (continuation.length - 1);
  };
}

function writeWithChild(child: Child): Write {
  return async (prompt, continuation, isPlain) => {
    const { seconds } = await child.ask<{ seconds: number }>({ prompt, continuation, lookup: !isPlain });
    return seconds;
  };
}

/** All writers write the text in turn, plain and with look-up. */
async function measure(writers: readonly Write[], prompt: number[], continuation: number[]): Promise<Times[]> {
  const times: Times[] = writers.map(() => ({ plain: [], lookup: [] }));
  for (const write of writers) for (const isPlain of [true, false]) await write(prompt, continuation, isPlain); // warms up
  for (let round = 0; round < rounds; round++) {
    for (const [i, write] of writers.entries()) {
      for (const isPlain of round % 2 === 0 ? [true, false] : [false, true]) {
        times[i]![isPlain ? 'plain' : 'lookup'].push(await write(prompt, continuation, isPlain));
      }
    }
  }
  return times;
}

/** How many times as fast as `slower` `faster` is. */
function ratio(slower: readonly number[], faster: readonly number[]) {
  return { median: median(slower) / median(faster), best: Math.min(...slower) / Math.min(...faster) };
}

/** Times writing with the weights of the named types and of the named texts, all by default. */
export async function benchmarkSpeculation(names: readonly string[] = []): Promise<Section> {
  setRuntime(await createNodeRuntime({ threads }));
  const hasLlama = existsSync(join(root, 'interop/node_modules/node-llama-cpp'));
  if (!hasLlama) progress('llama.cpp is left out; install it: npm ci --ignore-scripts --prefix interop');
  const models = await makeModels(join(import.meta.dirname, 'dist', 'models'), progress);
  process.env.TSGPT_CACHE = join(import.meta.dirname, 'dist', 'cache');
  const opened = await openModel(models.folder);
  const rows = [
    '## Writing with guesses from the text so far',
    '',
    'Tokens/s by medians; ratios by medians / by best times.',
    '',
    '| weights | text | plain | look-up | look-up / plain | llama.cpp plain | its look-up | its look-up / plain | our look-up / its best |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
  ];
  const ratios: Section['ratios'] = {};
  const chosen = <Name extends string>(all: readonly Name[]) => {
    const named = all.filter((name) => names.includes(name));
    return named.length > 0 ? named : all;
  };
  for (const type of chosen(types)) {
    await using decoder = await opened.decoder({ quantize: type === 'f32' ? undefined : type });
    const program = [join(import.meta.dirname, 'decode', 'llama-cpp-lookup.mjs'), models.gguf[type], String(threads)];
    const llama = hasLlama ? await Child.start(process.execPath, program) : undefined;
    for (const [title, before, after] of chosen(Object.keys(texts) as (keyof typeof texts)[]).map(
      (name) => texts[name],
    )) {
      const writers = [writeWith(decoder), ...(llama ? [writeWithChild(llama)] : [])];
      const continuation = tokenizer.encode(after).slice(0, tokens);
      const [ours, theirs] = await measure(writers, tokenizer.encode(before), continuation);
      const rate = (seconds: readonly number[]) => (1 / median(seconds)).toFixed(0);
      const both = ({ median, best }: { median: number; best: number }) => `${median.toFixed(2)} / ${best.toFixed(2)}`;
      const ofTimes = ({ plain, lookup }: Times) => [rate(plain), rate(lookup), both(ratio(plain, lookup))];
      const cells = [type, title, ...ofTimes(ours!)];
      ratios[`${type}, look-up: ${title}`] = ratio(ours!.plain, ours!.lookup);
      if (theirs) {
        const best = median(theirs.plain) < median(theirs.lookup) ? theirs.plain : theirs.lookup;
        ratios[`${type}, look-up beside llama.cpp: ${title}`] = ratio(best, ours!.lookup);
        cells.push(...ofTimes(theirs), both(ratio(best, ours!.lookup)));
      }
      rows.push(`| ${cells.join(' | ')} |`);
      progress(rows.at(-1)!);
    }
    await llama?.exit();
  }
  return { markdown: [...rows, ''].join('\n'), ratios };
}
