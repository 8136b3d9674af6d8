import { Decoder, type DecoderOptions } from '../generate/index.ts';
import { loadPretrained, type Pretrained } from './load-pretrained.ts';

export interface LoadDecoderOptions extends DecoderOptions {
  /** Where quantized weights are kept from one start to the next. By default `TSGPT_CACHE`, else tsgpt in the user's cache folder. */
  cacheFolder?: string;
}

/** A published model, ready to write. */
export interface LoadedDecoder extends Omit<Pretrained, 'model'> {
  decoder: Decoder;
}

/**
 * Loads a published model for writing text, from what `loadPretrained` loads. Nothing of it is held in JavaScript: weights are used where
 * they lie in a safetensors file, and quantized ones are made once and kept. (A GGUF file is read into memory, unless it is quantized.)
 *
 * Dispose of the decoder when done. The files must not be written to before that; they may be replaced.
 */
export async function loadDecoder(
  path: string,
  { cacheFolder, quantize, chunkSize }: LoadDecoderOptions = {},
): Promise<LoadedDecoder> {
  const { model, ...rest } = await loadPretrained(path, { forDecoder: { quantize, cacheFolder } });
  const decoder = new Decoder(model, { quantize, chunkSize });
  await decoder.load();
  return { decoder, ...rest };
}
