import { ensure } from '../core/errors.ts';
import type { Family, ModelConfig } from './family.ts';
import { NamedWeights, type WeightSource } from './named-weights.ts';
import { ownLayout, type TensorLayout } from './tensor-layout.ts';

/**
 * Throws a TsgptError if the weights lack a tensor of one of the blocks in the configuration. Call it before building the model:
 * a damaged file may ask for a billion blocks, which would use up all memory before the first weight is read.
 *
 * The first block is not checked here. Reading the weights checks it, and can say more about weights of another family.
 *
 * @param source the weights, under the names of `layout`
 */
export function checkBlocks(
  family: Family,
  config: ModelConfig,
  source: Pick<WeightSource, 'has'>,
  layout: TensorLayout = ownLayout,
): void {
  const { nLayers } = config as { nLayers?: number };
  if (nLayers === undefined) return;
  const weights = new NamedWeights(source, layout.prefix);
  const oneBlock = family.create({ ...config, nLayers: 1 } as ModelConfig);
  const first = 'blocks.0.';
  const rests = [...oneBlock.namedParameters().keys()]
    .filter((path) => path.startsWith(first))
    .map((path) => path.slice(first.length));
  for (let block = 1; block < nLayers; block++) {
    for (const rest of rests) {
      const path = `blocks.${block}.${rest}`;
      const name = weights.plainName(layout.placeOf(path).name);
      const reader = name === path ? '' : `, which the model's ${path} is read from`;
      ensure(
        weights.has(name),
        () =>
          `the configuration asks for ${nLayers} blocks, but the weights have no tensor ${name}${reader}; get the configuration and the ` +
          'weights of the same model',
      );
    }
  }
}
