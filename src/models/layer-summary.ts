import type { LanguageModel } from './language-model.ts';
import { layersOf } from './observed-layers.ts';

/** One line of what a model does. */
export interface LayerSummary {
  /** Its path; within a transformer block, the path from there. */
  name: string;
  /** A layer: a part of the model. A product: two matrices multiplied of which none is a weight. A step: what else has a name. */
  kind: 'layer' | 'product' | 'step';
  /** What comes out of it, with the dimensions by name: `[batch, time, 768]`. */
  output: string;
  /** The shapes of its parameters. */
  parameterShapes: string[];
  /** How many numbers these are. */
  parameters: number;
  /** Multiplications and additions of its matrix products for one token at full context; the rest is small beside them. */
  flopsPerToken: number;
}

/** A stretch of layers that occurs `repeat` times. */
export interface LayerGroup {
  title: string;
  repeat: number;
  layers: LayerSummary[];
}

/** The sum of a number over all layers, repeats included. */
export function totalOf(groups: readonly LayerGroup[], field: 'parameters' | 'flopsPerToken'): number {
  return groups.reduce(
    (total, { repeat, layers }) => total + repeat * layers.reduce((sum, layer) => sum + layer[field], 0),
    0,
  );
}

const blockTitle = 'transformer block';

/**
 * Every layer of a model, in the order in which it computes; equal blocks that follow one another stand there once. All of it is read
 * from the graph that the model builds for a full context: nothing is computed, and no weight is drawn.
 */
export function summarize(model: LanguageModel): LayerGroup[] {
  const blockPaths = [...model.namedModules()].flatMap(([path, part]) => (model.blocks.includes(part) ? [path] : []));
  const groups: (LayerGroup & { owner: string })[] = [];
  for (const layer of layersOf(model)) {
    const block = blockPaths.find((path) => layer.name.startsWith(`${path}.`));
    const [, use = ''] = /(#\d+)( |$)/.exec(layer.name) ?? []; // of a block that is used several times
    const owner = block ? block + use : '';
    if (groups.length === 0 || groups.at(-1)!.owner !== owner) {
      groups.push({
        owner,
        title: block ? blockTitle : groups.length === 0 ? 'embeddings' : 'output',
        repeat: 1,
        layers: [],
      });
    }
    const name = block ? layer.name.slice(block.length + 1).replaceAll(use, '') : layer.name;
    groups.at(-1)!.layers.push({ ...layer, name });
  }
  return foldEqual(groups.map(({ title, repeat, layers }) => ({ title, repeat, layers })));
}

/**
 * As {@link summarize}, of a model that is not built in full: where the configuration has `nLayers`, one block stands for all. So a
 * configuration that asks for a million blocks is summarised as fast as one that asks for twelve.
 *
 * @param create builds a model of a configuration
 */
export function summarizeConfig<Config extends LanguageModel['config']>(
  create: (config: Config) => LanguageModel,
  config: Config,
): LayerGroup[] {
  const { nLayers } = config as { nLayers?: number };
  if (nLayers === undefined) return summarize(create(config));
  return summarize(create({ ...config, nLayers: 1 })).map((group) =>
    group.title === blockTitle ? { ...group, repeat: group.repeat * nLayers } : group,
  );
}

/** Groups that are the same and follow one another become one. */
function foldEqual(groups: readonly LayerGroup[]): LayerGroup[] {
  const folded: LayerGroup[] = [];
  for (const group of groups) {
    const last = folded.at(-1);
    if (last && last.title === group.title && JSON.stringify(last.layers) === JSON.stringify(group.layers)) {
      last.repeat++;
    } else {
      folded.push(group);
    }
  }
  return folded;
}
