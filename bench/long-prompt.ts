import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { saveGguf, savePretrained } from '../src/disk/pretrained.ts';
import { GPT2, gpt2 } from '../src/models/index.ts';
import { Random } from '../src/random/random.ts';
import { GPT2Tokenizer } from '../src/tokenizer/index.ts';
import { Child } from './child.ts';
import { threads } from './configurations.ts';
import { compileBenchmarks, progress, type Section } from './section.ts';
import { median } from './statistics.ts';

/** Times reading a prompt of 8,192 tokens, in float32, beside llama.cpp in several settings. The engines take turns. */
const here = import.meta.dirname;
const length = 8192;
const rounds = 2;
const prompt = Array.from({ length }, (_, i) => (i * 7919) % 50_257);

interface Files {
  folder: string;
  gguf: string;
}

/** The same random weights for both: GPT-2 of 124 million parameters, with positions for the whole prompt. */
async function makeModel(): Promise<Files> {
  const root = join(here, 'dist', 'models-long');
  const files = { folder: join(root, 'hugging-face'), gguf: join(root, 'F32.gguf') };
  if (existsSync(files.gguf)) return files;
  await mkdir(root, { recursive: true });
  const options = { ...gpt2.small, contextLength: length, dropRate: 0, qkvBias: true, tiedHead: true };
  const toSave = { model: new GPT2(options, new Random(1)), tokenizer: new GPT2Tokenizer() };
  await savePretrained(files.folder, toSave, { overwrite: true });
  await saveGguf(files.gguf, toSave, { type: 'F32' });
  return files;
}

/** How to start each engine. llama.cpp's batch is the number of tokens in one pass; 512 is what we read at once. */
function engines({ folder, gguf }: Files): Record<string, string[]> {
  const llama = (attention: string, batch: number) => [
    ...[join(here, 'decode', 'llama-cpp.mjs'), gguf, attention, String(threads)],
    ...[String(length), String(batch)],
  ];
  return {
    tsgpt: [join(here, 'dist', 'bench', 'decode', 'tsgpt.js'), folder, 'f32', String(threads)],
    'llama.cpp, batch 512': llama('plain', 512),
    'llama.cpp, flash attention, batch 512': llama('flash', 512),
    'llama.cpp, flash attention, batch 2048': llama('flash', 2048),
  };
}

export async function benchmarkLongPrompt(): Promise<Section> {
  if (!existsSync('interop/node_modules/node-llama-cpp')) {
    throw new Error(
      'the engine to compare with is not installed; install it: npm ci --ignore-scripts --prefix interop',
    );
  }
  compileBenchmarks();
  const measured = Object.entries(engines(await makeModel())).map(([engine, command]) => ({
    engine,
    command,
    seconds: [] as number[],
    peakBytes: 0,
  }));
  const children = await Promise.all(measured.map(({ command }) => Child.start(process.execPath, command)));
  for (const child of children) await child.ask({ prefill: prompt.slice(0, 16) });
  for (let round = 1; round <= rounds; round++) {
    for (const [i, result] of measured.entries()) {
      const answer = await children[i]!.ask<{ seconds: number[]; peakBytes: number }>({ prefill: prompt });
      result.seconds.push(...answer.seconds);
      result.peakBytes = answer.peakBytes;
      progress(`  round ${round}: ${result.engine} ${answer.seconds[0]!.toFixed(1)} s`);
    }
  }
  for (const child of children) await child.exit();
  const [ours, ...others] = measured;
  const best = (seconds: number[]) => Math.min(...seconds);
  const memory = Math.min(...others.map(({ peakBytes }) => peakBytes)) / ours!.peakBytes;
  const rows = measured.map(
    ({ engine, seconds, peakBytes }) =>
      `| ${engine} | ${median(seconds).toFixed(2)} / ${best(seconds).toFixed(2)} | ${(length / best(seconds)).toFixed(0)} | ${(peakBytes / 2 ** 20).toFixed(0)} |`,
  );
  return {
    markdown: [
      `## A prompt of ${length} tokens, ${new Date().toISOString().slice(0, 10)}`,
      '',
      `GPT-2 124M shape with ${length} positions, random float32 weights. ${cpus()[0]!.model}, ${threads} threads; ${rounds} rounds.`,
      '',
      '| engine | s, median / best | tokens/s, best | peak MiB |',
      '| --- | --- | --- | --- |',
      ...rows,
      '',
    ].join('\n'),
    ratios: {
      [`prompt of ${length}`]: {
        median: Math.min(...others.map(({ seconds }) => median(seconds))) / median(ours!.seconds),
        best: Math.min(...others.map(({ seconds }) => best(seconds))) / best(ours!.seconds),
      },
      [`peak memory of a prompt of ${length}`]: { median: memory, best: memory },
    },
  };
}
