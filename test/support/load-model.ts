import { type OpenedModel, type OpenOptions, openModel } from '../../src/disk/open-model.ts';
import type { Decoder, DecoderOptions } from '../../src/generate/index.ts';
import type { LanguageModel } from '../../src/models/index.ts';

/** An opened model with its weights in memory. */
export interface LoadedModel extends Omit<OpenedModel, 'model' | 'decoder'> {
  model: LanguageModel;
}

export async function loadModel(place: string): Promise<LoadedModel> {
  const opened = await openModel(place);
  return { ...opened, model: await opened.model() };
}

/** A decoder of a model on disk. */
export async function loadDecoder(
  place: string,
  { chunkSize, quantize, ...options }: OpenOptions & DecoderOptions = {},
): Promise<Decoder> {
  return (await openModel(place, options)).decoder({ chunkSize, quantize });
}
