import { ensure } from '../core/errors.ts';
import { createModel, parseModelConfig } from './registry.ts';

/**
 * Throws if one of the blocks that a configuration asks for lacks a tensor. To be called before the model is built: a damaged file may ask
 * for a billion blocks, and building them would take all memory before the first weight is looked for.
 *
 * The first block is left to what reads the weights, which can say more about weights of another family.
 *
 * @param architecture what checkpoints call the family
 * @param weights what there is, by name
 * @param nameOf what the parameter at a path such as `blocks.1.attentionNorm.weight` is called there
 */
export function checkBlocks(
  architecture: string,
  config: unknown,
  weights: { has(name: string): boolean },
  nameOf: (path: string) => string = (path) => path,
): void {
  const parsed = parseModelConfig(architecture, config);
  const { nLayers } = parsed;
  const oneBlock = createModel(architecture, { ...parsed, nLayers: 1 });
  const first = 'blocks.0.';
  const rests = [...oneBlock.namedParameters().keys()]
    .filter((path) => path.startsWith(first))
    .map((path) => path.slice(first.length));
  for (let block = 1; block < nLayers; block++) {
    for (const rest of rests) {
      const path = `blocks.${block}.${rest}`;
      const name = nameOf(path);
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
