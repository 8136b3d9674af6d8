import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { Child } from './child.ts';
import { threads } from './configurations.ts';
import { type Models, makeModels, types, type WeightType } from './decode/models.ts';
import { type Column, columns, decodeRatios, decodeReport, type Engine, type Measured } from './decode/report.ts';
import { compileBenchmarks, progress, type Section } from './section.ts';
import { median } from './statistics.ts';

/**
 * Times writing with a GPT-2 of 124 million random weights. tsgpt, llama.cpp (through node-llama-cpp) and transformers.js take turns within
 * one run, so that anything that slows the machine down slows all of them.
 */
const here = import.meta.dirname;
const rounds = 10;
const starts = 4;
const prompt = Array.from({ length: 1024 }, (_, i) => (i * 7919) % 50_257);

/** How to start an engine on the weights of one type. */
function commandOf(engine: Engine, type: WeightType, models: Models): string[] {
  const side = (name: string) => join(here, 'decode', name);
  switch (engine) {
    case 'tsgpt':
      return [join(here, 'dist', 'bench', 'decode', 'tsgpt.js'), models.folder, type, String(threads)];
    case 'llama.cpp':
    case 'llama.cpp, flash attention':
      return [side('llama-cpp.mjs'), models.gguf[type], engine === 'llama.cpp' ? 'plain' : 'flash', String(threads)];
    case 'transformers.js':
      return [side('transformers-js.mjs'), models.onnx, type, String(threads)];
  }
}

interface Answer {
  seconds: number[];
  peakBytes: number;
}

/** The requests to each engine in every round. The first `warmUp` times of an answer do not count. */
const requests: { column: Column; request: object; warmUp: number }[] = [
  { column: 'decode16', request: { decode: prompt.slice(0, 16), count: 40 }, warmUp: 4 },
  { column: 'decode900', request: { decode: prompt.slice(0, 900), count: 40 }, warmUp: 4 },
  { column: 'prefill512', request: { prefill: prompt.slice(0, 512) }, warmUp: 0 },
];

async function measure(type: WeightType, models: Models): Promise<Map<Engine, Measured>> {
  const engines: Engine[] = ['tsgpt', 'llama.cpp', 'llama.cpp, flash attention', 'transformers.js'];
  const results = new Map(engines.map((engine) => [engine, { type, seconds: emptyColumns(), peakBytes: 0 }]));
  const start = async (engine: Engine) => {
    const began = performance.now();
    const child = await Child.start(process.execPath, commandOf(engine, type, models));
    await child.ask<Answer>({ prefill: prompt.slice(0, 16) });
    return { child, seconds: (performance.now() - began) / 1000 };
  };
  const once = async (engine: Engine) => {
    const { child, seconds } = await start(engine);
    await child.exit();
    return seconds;
  };
  // The very first start quantizes, and reads files that later starts find in the system's memory.
  for (const engine of engines) await once(engine);
  for (let i = 0; i < starts; i++) {
    for (const engine of engines) results.get(engine)!.seconds.firstToken.push(await once(engine));
  }
  const children = new Map<Engine, Child>();
  for (const engine of engines) children.set(engine, (await start(engine)).child);
  for (let round = 0; round <= rounds; round++) {
    for (const [engine, child] of children) {
      const result = results.get(engine)!;
      for (const { column, request, warmUp } of requests) {
        const { seconds, peakBytes } = await child.ask<Answer>(request);
        if (round > 0) result.seconds[column].push(...seconds.slice(warmUp)); // round 0 only warms up
        result.peakBytes = peakBytes;
      }
    }
    const decode = ([engine, { seconds }]: [Engine, Measured]) =>
      `${engine} ${round > 0 ? (1 / median(seconds.decode16)).toFixed(0) : '-'}`;
    progress(`  ${type}, round ${round}: tokens/s at 16: ${[...results].map(decode).join(', ')}`);
  }
  for (const child of children.values()) await child.exit();
  return results;
}

function emptyColumns(): Record<Column, number[]> {
  return Object.fromEntries(columns.map((column) => [column, []])) as unknown as Record<Column, number[]>;
}

/** Times writing with the weights of the named types, all by default. */
export async function benchmarkDecoding(names: readonly string[] = []): Promise<Section> {
  const unknown = names.find((name) => !types.includes(name as WeightType));
  if (unknown) throw new Error(`there are no weights of type ${unknown}; choose of ${types.join(', ')}`);
  if (!existsSync('interop/node_modules/node-llama-cpp')) {
    throw new Error(
      'the engines to compare with are not installed; install them: npm ci --ignore-scripts --prefix interop',
    );
  }
  compileBenchmarks();
  const models = await makeModels(join(here, 'dist', 'models'), progress);
  process.env.TSGPT_CACHE = join(here, 'dist', 'cache');
  const results = [];
  for (const type of types) if (names.length === 0 || names.includes(type)) results.push(await measure(type, models));
  return {
    markdown: decodeReport(results, { processor: cpus()[0]!.model, threads, rounds, starts }),
    ratios: decodeRatios(results),
  };
}
