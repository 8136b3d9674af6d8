import type { Random } from '../random/random.ts';
import { normalInit } from './initializers.ts';
import { Linear } from './layers.ts';
import type { Module } from './module.ts';
import type { Parameter } from './parameter.ts';
import { TransformerBlock } from './transformer-block.ts';

/**
 * Initialises a model like GPT-2 (Radford et al., 2019). Matrices are drawn from a normal distribution with standard deviation 0.02. For
 * the output matrices of attention and the feed-forward network it is 0.02 / √(2 nLayers). Other parameters use their own initializers:
 * biases start at 0, the weights of norms at 1.
 *
 * Every parameter takes a seed from `random`, in the model's order. Its values are drawn from that seed when they are first read.
 *
 * @param nLayers the number of consecutive blocks. Defaults to the number of blocks in `model`
 */
export function gpt2Init(model: Module, random: Random, nLayers = blocksOf(model).length): void {
  // Every block adds two outputs to its shortcut connections. The scaling keeps the variance of the sum of 2 nLayers outputs bounded.
  const outputs = blocksOf(model).flatMap(({ attention, feedForward }) => [
    lastLinear(attention),
    lastLinear(feedForward),
  ]);
  const outputInit = normalInit(0.02 / Math.sqrt(2 * nLayers));
  const matrixInit = normalInit(0.02);
  const outputWeights = new Set<Parameter | undefined>(outputs.map((layer) => layer?.weight));
  for (const parameter of model.parameters()) {
    const isMatrix = parameter.shape.length >= 2;
    const init = outputWeights.has(parameter) ? outputInit : isMatrix ? matrixInit : parameter.initializer;
    parameter.initialize(random, init);
  }
}

function blocksOf(model: Module): TransformerBlock[] {
  return [...model.namedModules().values()].filter((part) => part instanceof TransformerBlock);
}

/** The last linear layer of a part. */
function lastLinear(part: Module): Linear | undefined {
  return [...part.namedModules().values()].findLast((layer) => layer instanceof Linear);
}
