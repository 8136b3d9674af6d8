import type { Random } from '../random/random.ts';
import { normalInit } from './initializers.ts';
import { Linear } from './layers.ts';
import type { Module } from './module.ts';
import type { Parameter } from './parameter.ts';
import { TransformerBlock } from './transformer-block.ts';

/**
 * Gives a model the initial weights that GPT-2 has (Radford et al., 2019): matrices are normal with deviation 0.02, those through which
 * a block adds to what it got with 0.02 / √(2 nLayers). Biases and norms begin as their layers make them: at 0 and 1.
 *
 * Nothing is drawn before it is read: every parameter only takes its seed from `random`, in the model's order.
 *
 * @param nLayers the number of consecutive blocks. Defaults to the number found in `model`
 */
export function gpt2Init(model: Module, random: Random, nLayers = blocksOf(model).length): void {
  // Every block adds twice to the shortcut connection; smaller additions keep the sum of 2 nLayers of them in bounds.
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

/** The layer by which a part of a block ends. */
function lastLinear(part: Module): Linear | undefined {
  return [...part.namedModules().values()].findLast((layer) => layer instanceof Linear);
}
