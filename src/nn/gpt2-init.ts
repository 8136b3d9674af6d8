import { ensure } from '../core/errors.ts';
import { ensureCount, ensureKind } from '../core/kind.ts';
import type { Random } from '../random/random.ts';
import { normalInit } from './initializers.ts';
import type { Linear, ResidualLayer } from './layers.ts';
import type { Module } from './module.ts';
import type { Parameter } from './parameter.ts';
import { TransformerBlock } from './transformer-block.ts';

/**
 * Initialises a model like GPT-2 (Radford et al., 2019). Matrices are drawn from a normal distribution with standard deviation 0.02. For
 * the output matrices of attention and the feed-forward network it is 0.02 / √(2 nLayers); these two name them, see
 * {@link ResidualLayer.outputLayers}. Other parameters use their own initialisers: biases start at 0, the weights of norms at 1.
 *
 * Every parameter takes a seed from `random`, in the model's order. Its values are drawn from that seed when they are first read.
 *
 * @param nLayers the number of consecutive blocks. Defaults to the number of blocks in `model`
 * @throws TsgptError if a part of a block does not name its output layers
 */
export function gpt2Init(model: Module, random: Random, nLayers = blocksOf(model).length): void {
  ensureKind('gpt2Init', 'a source of random numbers, as new Random(1)', random, 'child');
  ensureCount('nLayers', nLayers, 0);
  // Every block adds two outputs to its shortcut connections. The scaling keeps the variance of the sum of 2 nLayers outputs bounded.
  const outputs = blocksOf(model).flatMap(({ attention, feedForward }) => [attention, feedForward].flatMap(outputsOf));
  const outputInit = normalInit(0.02 / Math.sqrt(2 * nLayers));
  const matrixInit = normalInit(0.02);
  const outputWeights = new Set<Parameter>(outputs.map(({ weight }) => weight));
  for (const parameter of model.parameters()) {
    const isMatrix = parameter.shape.length >= 2;
    const init = outputWeights.has(parameter) ? outputInit : isMatrix ? matrixInit : parameter.initializer;
    parameter.initialize(random, init);
  }
}

function blocksOf(model: Module): TransformerBlock[] {
  ensureKind('gpt2Init', 'a model', model, 'namedModules');
  return [...model.namedModules().values()].filter((part) => part instanceof TransformerBlock);
}

function outputsOf(part: Partial<ResidualLayer>): readonly Linear[] {
  ensure(
    part.outputLayers,
    () =>
      `a transformer block holds a ${part.constructor!.name} that does not name the layers that make its output; ` +
      'give it a getter outputLayers, which returns [] if there are none',
  );
  return part.outputLayers;
}
