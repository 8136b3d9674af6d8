import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { compile } from '../src/compile/index.ts';
import { GPT2 } from '../src/models/index.ts';
import { Random } from '../src/random/random.ts';
import { getRuntime, setRuntime } from '../src/runtime/index.ts';
import { createNodeRuntime } from '../src/runtime/node/node-runtime.ts';
import { fromArray, grad } from '../src/tensor/index.ts';
import { defaultTrainOptions } from '../src/train/options.ts';
import { textTrainer } from '../src/train/train.ts';
import { median } from './statistics.ts';

/**
 * tsgpt's side of the comparison: GPT-2 training steps on random tokens. It takes the options and JSON lines of `torch/gpt2_step.py` and one
 * more request, `{"dispatch": n}`: what `n` calls of the compiled step cost without the runtime's own work.
 */
const names = ['layers', 'heads', 'width', 'context', 'batch', 'vocab', 'threads'] as const;
const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])) });
const size = Object.fromEntries(names.map((name) => [name, Number(values[name])])) as Record<
  (typeof names)[number],
  number
>;

const random = new Random(1337);
const randomTokens = (length: number) => Uint32Array.from({ length }, () => random.integer(size.vocab));
const text = { train: randomTokens(1 << 18), validation: randomTokens(size.context + 1) };

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
  random,
);
const trainer = textTrainer(model, text, {
  ...defaultTrainOptions,
  betas: [0.9, 0.95],
  eps: 1e-8,
  weightDecay: 0.1,
  maxGradNorm: 1,
  learningRate: 1e-3,
  minLearningRate: 1e-3,
  warmupSteps: 0,
  batchSize: size.batch,
});

async function trainSteps(steps: number) {
  const seconds: number[] = [];
  let loss: number | undefined;
  for (let i = 0; i < steps; i++) {
    const start = performance.now();
    loss = (await trainer.trainStep()).loss;
    seconds.push((performance.now() - start) / 1000);
  }
  // The operating system counts the largest resident set in KiB.
  return { seconds, loss, peakBytes: process.resourceUsage().maxRSS * 1024 };
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
  answer(request.dispatch ? await dispatch(request.dispatch) : await trainSteps(request.steps));
}
process.exit();
