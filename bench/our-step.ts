import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { compile } from '../src/compile/index.ts';
import { writeSafetensors } from '../src/disk/safetensors.ts';
import type { SafetensorsTensorToWrite } from '../src/formats/safetensors/writer.ts';
import { GPT2 } from '../src/models/index.ts';
import type { Parameter } from '../src/nn/index.ts';
import { Random } from '../src/random/random.ts';
import { getRuntime, setRuntime } from '../src/runtime/index.ts';
import { createNodeRuntime } from '../src/runtime/node/node-runtime.ts';
import { fromArray, grad } from '../src/tensor/index.ts';
import type { BatchStream } from '../src/text/index.ts';
import { AdamW, nextToken, Trainer } from '../src/train/index.ts';
import { peakMemory } from './peak-memory.ts';
import { median } from './statistics.ts';

/**
 * tsgpt's side of the comparison: GPT-2 training steps on random tokens. It takes the options and JSON lines of `torch/gpt2_step.py` and one
 * more request, `{"dispatch": n}`: what `n` calls of the compiled step cost without the runtime's own work.
 */
const names = ['layers', 'heads', 'width', 'context', 'batch', 'vocab', 'threads'] as const;
const { weights, ...values } = parseArgs({
  options: Object.fromEntries([...names, 'weights'].map((name) => [name, { type: 'string' as const }])),
}).values as Record<string, string>;
const size = Object.fromEntries(names.map((name) => [name, Number(values[name])])) as Record<
  (typeof names)[number],
  number
>;

/** The same tokens as in `torch/gpt2_step.py`: a linear congruential generator. */
class Tokens implements BatchStream<'tokens' | 'targets'> {
  state = 1337;

  next() {
    const window = size.context + 1;
    const ids = Int32Array.from({ length: size.batch * window }, () => {
      this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
      return (this.state >>> 8) % size.vocab;
    });
    const shape = [size.batch, size.context];
    const from = (first: number) => ({
      data: ids.filter((_, i) => i % window !== (first === 0 ? size.context : 0)),
      shape,
    });
    return { tokens: from(0), targets: from(1) };
  }

  restore(state: number) {
    this.state = state;
  }
}

setRuntime(await createNodeRuntime({ threads: size.threads }));
const model = new GPT2(
  {
    vocabSize: size.vocab,
    contextLength: size.context,
    embDim: size.width,
    nHeads: size.heads,
    nLayers: size.layers,
    dropRate: 0,
    qkvBias: true,
    tiedHead: true,
  },
  new Random(1337),
);
if (weights) await writeSafetensors(weights, torchWeights(model));
const trainer = new Trainer({
  model,
  objective: nextToken,
  batches: new Tokens(),
  optimizer: new AdamW(model.namedParameters(), { betas: [0.9, 0.95], eps: 1e-8, weightDecay: 0.1 }),
  learningRate: 1e-3,
  maxGradNorm: 1,
});

/** The weights by their names in `torch/gpt2_step.py`. There one matrix computes queries, keys and values. */
function torchWeights({ blocks, tokenEmbedding, positionEmbedding, finalNorm }: GPT2): SafetensorsTensorToWrite[] {
  const joined = (parameters: readonly Parameter[]) => {
    const [rows, ...rest] = parameters[0]!.shape as [number, ...number[]];
    const data = new Float32Array(parameters.reduce((size, { value }) => size + value.length, 0));
    let offset = 0;
    for (const { value } of parameters) {
      data.set(value, offset);
      offset += value.length;
    }
    return { shape: [parameters.length * rows, ...rest], data };
  };
  const layer = (name: string, ...layers: { weight: Parameter; bias?: Parameter | undefined }[]) => [
    { name: `${name}.weight`, ...joined(layers.map(({ weight }) => weight)) },
    ...(layers[0]!.bias ? [{ name: `${name}.bias`, ...joined(layers.map(({ bias }) => bias!)) }] : []),
  ];
  return [
    ...layer('tokens', tokenEmbedding),
    ...layer('positions', positionEmbedding),
    ...blocks.flatMap(({ attentionNorm, attention, feedForwardNorm, feedForward }, i) => [
      ...layer(`blocks.${i}.norm1`, attentionNorm),
      ...layer(`blocks.${i}.attention.qkv`, attention.query, attention.key, attention.value),
      ...layer(`blocks.${i}.attention.project`, attention.output),
      ...layer(`blocks.${i}.norm2`, feedForwardNorm),
      ...layer(`blocks.${i}.expand`, feedForward.expand),
      ...layer(`blocks.${i}.shrink`, feedForward.contract),
    ]),
    ...layer('norm', finalNorm),
  ];
}

/** The rate of a product of two `size`-by-`size` matrices, the best of five, to compare with the rival's. */
async function product(size: number) {
  const multiply = compile((a, b) => [a!.matmul(b!)]);
  const [a, b] = [7, 5].map((step) =>
    fromArray(
      Float32Array.from({ length: size * size }, (_, i) => ((i * step) % 11) - 5),
      [size, size],
    ),
  );
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 6; i++) {
    const start = performance.now();
    await multiply.run([a!, b!]);
    if (i > 0) best = Math.min(best, (performance.now() - start) / 1000); // the first call compiles
  }
  return { gflops: (2 * size ** 3) / best / 1e9 };
}

async function trainSteps(steps: number) {
  const seconds: number[] = [];
  let loss: number | undefined;
  for (let i = 0; i < steps; i++) {
    const start = performance.now();
    loss = (await trainer.trainStep()).loss;
    seconds.push((performance.now() - start) / 1000);
  }
  // The operating system counts the largest resident set in KiB.
  return { seconds, loss, peakBytes: peakMemory() };
}

/** Runs the same loss and gradients on a runtime that does nothing. What remains is looking up, checking and passing arrays. */
async function dispatch(calls: number) {
  const runtime = await getRuntime();
  let leaves = 0;
  setRuntime({
    name: 'nothing',
    capabilities: runtime.capabilities,
    load: async ({ inputs }) => {
      leaves = inputs.length;
      return { run: async () => [], dispose: async () => {} };
    },
  });
  const { parameters, gradients } = trainer.optimizer;
  const into = [undefined, ...gradients.values()];
  const step = compile((tokens, targets) => {
    const loss = model.loss(tokens!, targets!);
    return [loss, ...grad(loss, [...parameters.values()])];
  });
  const shape = [size.batch, size.context];
  const batch = [0, 1].map(() => fromArray(new Int32Array(size.batch * size.context), shape));
  const seconds: number[] = [];
  for (let i = 0; i <= calls; i++) {
    const start = performance.now();
    await step.run(batch, into);
    seconds.push((performance.now() - start) / 1000);
  }
  setRuntime(runtime);
  const [trace, ...later] = seconds;
  return { traceSeconds: trace, dispatchSeconds: median(later), leaves, outputs: into.length };
}

function answer(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

answer({ ready: true, parameters: model.parameterCount, threads: size.threads });
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  if (request.exit) break;
  if (request.product) answer(await product(request.product));
  else answer(request.dispatch ? await dispatch(request.dispatch) : await trainSteps(request.steps));
}
process.exit();
