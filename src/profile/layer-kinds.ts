import type { LanguageModel } from '../models/index.ts';
import { modelSteps } from '../models/model-scopes.ts';
import {
  Attention,
  Embedding,
  FeedForward,
  LayerNorm,
  type Module,
  RMSNorm,
  SwiGLU,
  TransformerBlock,
} from '../nn/index.ts';

/** The kinds of layers of a language model, and what else takes time in a step, in the order in which a profile lists them. */
export const layerKinds = [
  'embedding',
  'norms',
  'attention: projections',
  'attention: scores and mixing',
  'feed-forward',
  'residual additions',
  'head and loss',
  'optimizer',
  'everything else',
] as const;

export type LayerKind = (typeof layerKinds)[number];

/** Tells the kind of a layer by its path, as {@link withModelScopes} notes it; undefined stands for no part of the model. */
export function layerKindsOf(model: LanguageModel): (path: string | undefined) => LayerKind {
  const modules = model.namedModules();
  const feedForwards = new Set(
    [...modules.values()].flatMap((part) => (part instanceof TransformerBlock ? [part.feedForward] : [])),
  );
  const isFeedForward = (part: Module) =>
    feedForwards.has(part) || part instanceof FeedForward || part instanceof SwiGLU;
  /** The modules on the way to a path, the outermost first. */
  const modulesAt = (path: string) => {
    const names = path.split('.');
    return names.flatMap((_, i) => modules.get(names.slice(0, i + 1).join('.')) ?? []);
  };
  return (path) => {
    if (path === undefined) return 'everything else';
    const parts = modulesAt(path);
    const last = parts.at(-1);
    if (last instanceof LayerNorm || last instanceof RMSNorm || last === model.finalNorm) return 'norms';
    const attention = parts.find((part) => part instanceof Attention);
    if (attention) {
      // Merged layers have a path of several names, which is no module's.
      const isInside = path !== [...modules].find(([, part]) => part === attention)![0];
      return isInside ? 'attention: projections' : 'attention: scores and mixing';
    }
    if (parts.some(isFeedForward)) return 'feed-forward';
    if (last instanceof Embedding || path === modelSteps.embed) return 'embedding';
    if (path === 'head' || path === modelSteps.loss) return 'head and loss';
    return model.blocks.includes(last!) ? 'residual additions' : 'everything else';
  };
}
