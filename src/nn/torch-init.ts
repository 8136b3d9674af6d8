import { ensure } from '../core/errors.ts';
import { ensureKind } from '../core/kind.ts';
import type { TorchRandom } from '../random/index.ts';
import { Embedding, LayerNorm, Linear } from './layers.ts';
import type { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

/**
 * Initialises the parameters of `module` like PyTorch's layers, in the order in which the parts were created. With the same seed, a model
 * with the same parts in the same order starts with the same values as in PyTorch.
 *
 * The weight and then the bias of a linear layer are uniform between ±1/√inFeatures. An embedding matrix is standard normal. The scale of
 * a layer normalisation is 1 and its shift 0.
 *
 * @throws TsgptError if a parameter belongs to another kind of part; then it changes nothing
 */
export function torchInit(module: Module, random: TorchRandom): void {
  ensureKind('torchInit', 'a source of random numbers, as new TorchRandom(1)', random, 'randn', 'uniform');
  ensureKind('torchInit', 'a model', module, 'namedModules');
  const initializers = [...module.namedModules().values()].flatMap((part) => torchInitializers(part, random));
  const known = new Set(initializers.map(([parameter]) => parameter));
  for (const [path, parameter] of module.namedParameters()) {
    ensure(
      known.has(parameter),
      `${path} does not belong to a Linear, Embedding or LayerNorm, the layers with known PyTorch defaults; set its value yourself`,
    );
  }
  for (const [parameter, initialize] of initializers) parameter.value = initialize(parameter.size);
}

/** PyTorch's initialisers of the part's own parameters, in PyTorch's order. */
function torchInitializers(part: Module, random: TorchRandom): [Parameter, (size: number) => Float32Array][] {
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
