import { placeholdersFor } from '../compile/compile.ts';
import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureCount, ensureKind } from '../core/kind.ts';
import { knownOptions } from '../core/options.ts';
import { buildProgram, peakBytes } from '../graph/index.ts';
import { familyNamed, type LanguageModel, summarizeModel, totalOf } from '../models/index.ts';
import { Random } from '../random/random.ts';
import { standardOnnx } from '../runtime/index.ts';
import { grad } from '../tensor/index.ts';
import { whileTracing } from '../tensor/tracing.ts';
import { nextToken } from './next-token.ts';
import { type OptimizerName, optimizerNamed } from './optimizers/index.ts';
import { type TrainOptions, trainOptionNames } from './options.ts';

/** About how many bytes training a model takes at its peak. */
export interface TrainingMemory {
  /** The weights, once as they were made and once as the optimiser keeps them: 8 bytes for each. */
  weights: number;
  /** The gradients: 4 bytes for each weight. */
  gradients: number;
  /** What the optimiser remembers: 8 bytes for each weight with AdamW, 4 or none with SGD, and with Muon 4 for the matrices of blocks. */
  moments: number;
  /** The results of layers that the backward pass needs, and others that exist at the same time. They grow with the batch. */
  activations: number;
  /** Node and the engine themselves. */
  program: number;
  total: number;
}

/** What Node 20 and ONNX Runtime hold before a model is there. */
const PROGRAM = 140 * 2 ** 20;

/** ONNX Runtime keeps freed memory in pieces that do not fit the next result exactly; measured with nine models. */
const UNUSED_SHARE = 1.4;

/**
 * Estimates the memory of training a model:
 *
 *     total = program + 12 · parameters + moments + 1.4 · peak
 *
 * The peak is that of the intermediate results of one batch (`peakBytes`), taken from the graph of the loss and its gradients in the order in
 * which ONNX Runtime computes it. Only the graphs of one and of two blocks are built, as every further block adds the same. Nothing is computed
 * and no weight is made, so a model that fits in no memory is estimated as fast as another. Measured peaks lay between 24% below and 14% above
 * the estimate.
 *
 * @param options those of training that memory depends on: `windowLength` defaults to the model's context length, `optimizer` to AdamW
 * @throws TsgptError if the family is unknown, the configuration invalid, or the window longer than the context
 */
export function trainingMemory(
  model: { family: string; config: unknown },
  options: Pick<TrainOptions, 'batchSize'> & Partial<Pick<TrainOptions, 'windowLength' | 'optimizer' | 'momentum'>>,
): TrainingMemory {
  ensureKind('trainingMemory', 'a family and a configuration', model, 'family', 'config');
  const { family, config } = model;
  knownOptions('trainingMemory', options, trainOptionNames);
  const { batchSize, windowLength, optimizer = 'adamw', momentum } = options;
  const { create, config: table } = familyNamed(family);
  const known = table.parse(config);
  const time = windowLength ?? known.contextLength;
  for (const [name, value] of Object.entries({ batchSize, windowLength: time })) {
    ensureCount(name, value);
  }
  ensure(
    time <= known.contextLength,
    `the window length must be at most ${known.contextLength}, the tokens the model sees, but is ${describeValue(time)}`,
  );
  const parameters = totalOf(summarizeModel(family, known), 'parameters');
  const { nLayers } = known as { nLayers?: number };
  const sample = Math.min(batchSize, 1024); // lengths are exact only up to 2^53
  const modelOf = (blocks: number) => create({ ...known, ...(nLayers && { nLayers: blocks }) });
  const [small, larger] = [modelOf(1), modelOf(2)];
  const extended = (of: (model: LanguageModel) => number) =>
    nLayers ? of(small) + (nLayers - 1) * (of(larger) - of(small)) : of(small);
  const peak = extended((model) => batchPeak(model, sample, time) * (batchSize / sample));
  const moments = 4 * extended((model) => numbersRemembered(model, optimizer, momentum));
  const [weights, gradients] = [8 * parameters, 4 * parameters];
  const activations = UNUSED_SHARE * peak;
  const total = PROGRAM + weights + gradients + moments + activations;
  return { weights, gradients, moments, activations, program: PROGRAM, total };
}

/** How many numbers an optimiser remembers of a model. */
function numbersRemembered(model: LanguageModel, name: OptimizerName, momentum?: number): number {
  const { numbersPerElement, defaults } = optimizerNamed(name);
  const options = { ...defaults, ...(momentum !== undefined && { momentum }) };
  return [...model.namedParameters()].reduce(
    (sum, [path, parameter]) => sum + parameter.size * numbersPerElement(path, parameter, options),
    0,
  );
}

/** The most bytes that the intermediate results of a batch take at once. */
function batchPeak(model: LanguageModel, batchSize: number, time: number): number {
  const { placeholders } = placeholdersFor(
    ['tokens', 'targets'].map((name) => ({ name, shape: [batchSize, time], dtype: 'int32' as const })),
  );
  const [tokens, targets] = placeholders as [(typeof placeholders)[0], (typeof placeholders)[0]];
  return whileTracing(() => {
    const loss = nextToken(model, { tokens, targets }, { random: new Random(0) });
    const gradients = grad(loss, [...model.namedParameters().values()]);
    // ONNX Runtime begins with what the last output needs.
    return peakBytes(buildProgram([loss, ...gradients.toReversed()], usualEngine));
  });
}

const usualEngine = { ...standardOnnx, contribOperators: new Set(['SimplifiedLayerNormalization'] as const) };
