import { ensure } from '../core/errors.ts';
import type { TorchRandom } from '../random/index.ts';
import { Embedding, LayerNorm, Linear } from './layers.ts';
import type { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

/**
 * Fills the parameters of `module` as PyTorch's layers fill theirs, drawing in the order in which the parts were made.
 *
 * A linear layer's weight, then its bias, are uniform between ±1/√inFeatures; an embedding is standard normal; a layer
 * normalisation draws nothing and has scale one and shift zero. With the same seed, a model whose parts are the same and in the
 * same order begins as it does in PyTorch. Parameters of other parts are an error, and then nothing is changed.
 */
export function torchInit(module: Module, random: TorchRandom): void {
  const initialisers = [...module.namedModules().values()].flatMap((part) => torchInitialisers(part, random));
  const known = new Set(initialisers.map(([parameter]) => parameter));
  for (const [path, parameter] of module.namedParameters()) {
    ensure(
      known.has(parameter),
      `${path} belongs to no layer that PyTorch's defaults are known for (Linear, Embedding, LayerNorm); set its value yourself`,
    );
  }
  for (const [parameter, initialise] of initialisers) parameter.value = initialise(parameter.size);
}

/** How PyTorch makes the values of each of the part's own parameters, in its order. */
function torchInitialisers(part: Module, random: TorchRandom): [Parameter, (size: number) => Float32Array][] {
  if (part instanceof Linear) {
    const bound = 1 / Math.sqrt(part.weight.shape[1]!);
    const parameters = part.bias ? [part.weight, part.bias] : [part.weight];
    return parameters.map((parameter) => [parameter, (size) => random.uniform(size, -bound, bound)]);
  }
  if (part instanceof Embedding) return [[part.weight, (size) => random.randn(size)]];
  if (part instanceof LayerNorm) {
    return [
      [part.weight, (size) => new Float32Array(size).fill(1)],
      [part.bias, (size) => new Float32Array(size)],
    ];
  }
  return [];
}
