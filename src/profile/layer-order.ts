import type { LanguageModel } from '../models/index.ts';
import { modelSteps } from '../models/model-scopes.ts';
import type { LayerTime } from './profile.ts';

/** The layers in the order of the model's parts, which is not quite that in which the engine runs them. What is no part comes last. */
export function inModelOrder(model: LanguageModel, layers: readonly LayerTime[]): LayerTime[] {
  const paths = [...model.namedModules().keys(), modelSteps.embed, modelSteps.unembed, modelSteps.loss];
  const places = new Map<string | undefined, number>();
  for (const [place, path] of paths.entries()) if (!places.has(path)) places.set(path, place);
  places.set(modelSteps.embed, places.get('blocks.0') ?? 0); // the embeddings are added up before the first block
  const placeOf = ({ path }: LayerTime) => places.get(path?.replace(/\+.*/, '')) ?? paths.length;
  return layers.toSorted((a, b) => placeOf(a) - placeOf(b));
}
