import { ensureKind, ensureList } from '../core/kind.ts';
import type { LanguageModel } from './language-model.ts';
import { layersOf } from './observed-layers.ts';

/** One line of a model's summary. */
export interface LayerSummary {
  /** Its path; inside a transformer block, the path relative to the block. */
  name: string;
  /** `layer`: a part of the model. `product`: a product of two matrices, neither a weight. `step`: any other named tensor. */
  kind: 'layer' | 'product' | 'step';
  /** The shape of its output, with named dimensions: `[batch, time, 768]`. */
  output: string;
  /** The shapes of its parameters. */
  parameterShapes: string[];
  /** The number of values in its parameters. */
  parameters: number;
  /** Multiplications and additions in its matrix products, per token at full context. Other operations are negligible. */
  flopsPerToken: number;
}

/** A group of consecutive layers that occurs `repeat` times in a row. */
export interface LayerGroup {
  title: string;
  repeat: number;
  layers: LayerSummary[];
}

/** The sum of a field over all layers, including repeats. */
export function totalOf(groups: readonly LayerGroup[], field: 'parameters' | 'flopsPerToken'): number {
  ensureList('totalOf', 'the groups of layers', groups);
  for (const group of groups) ensureKind('totalOf', 'groups as from summarize', group, 'repeat', 'layers');
  return groups.reduce(
    (total, { repeat, layers }) => total + repeat * layers.reduce((sum, layer) => sum + layer[field], 0),
    0,
  );
}

const blockTitle = 'transformer block';

/**
 * Lists every layer of a model in the order of computation. Consecutive equal blocks form one group. The summary is read from the graph
 * that the model builds for a full context: it computes nothing and initialises no weight.
 */
export function summarize(model: LanguageModel): LayerGroup[] {
  ensureKind('summarize', 'a language model', model, 'namedModules', 'blocks');
  const blockPaths = [...model.namedModules()].flatMap(([path, part]) => (model.blocks.includes(part) ? [path] : []));
  const groups: (LayerGroup & { owner: string })[] = [];
  for (const layer of layersOf(model)) {
    const block = blockPaths.find((path) => layer.name.startsWith(`${path}.`));
    const [, use = ''] = /(#\d+)( |$)/.exec(layer.name) ?? []; // if a block is used several times
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
 * Like {@link summarize}, but without building the whole model: if the configuration has `nLayers`, one block represents all of them.
 * A configuration with a million blocks is summarised as fast as one with twelve.
 *
 * @param create creates a model from a configuration
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

/** Merges consecutive equal groups. */
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
