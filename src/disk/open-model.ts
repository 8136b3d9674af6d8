import { knownOptions, type OptionNames } from '../core/options.ts';
import { decoderOptions } from '../generate/decoder.ts';
import { Decoder, type DecoderOptions } from '../generate/index.ts';
import type { LanguageModel, ModelDescription } from '../models/index.ts';
import type { Tokenizer } from '../tokenizer/index.ts';
import type { DownloadOptions } from './hub/index.ts';
import { locateModel, type ModelPlace } from './model-place.ts';
import type { ModelSource } from './model-source.ts';
import { describeFolder, openFolder } from './open-folder.ts';
import { openGgufModel, readGgufConfig } from './open-gguf-model.ts';
import { quantizedModel } from './quantized-cache.ts';
import { type CheckpointName, openCheckpoint } from './run/index.ts';

export interface OpenOptions {
  /** The checkpoint of a training run. Defaults to the best one, or to the last one if the best is from before the first step. */
  checkpoint?: CheckpointName;
  /** Options of the download of a model of the hub. Defaults as in {@link DownloadOptions}. */
  hub?: DownloadOptions;
  /** The folder that caches quantized weights. Defaults to `TSGPT_CACHE`, else tsgpt in the user's cache folder. */
  cacheFolder?: string;
}

const openOptions: OptionNames<OpenOptions> = { checkpoint: true, hub: true, cacheFolder: true };

/** An open model. Its weights are read only when {@link model} or {@link decoder} is called. */
export interface OpenedModel extends Omit<ModelSource, 'load' | 'files' | 'wasReplaced'> {
  /** The model with its weights in memory: to train, inspect or convert. Each call reads them again. */
  model(): Promise<LanguageModel>;
  /**
   * A decoder, ready to write. JavaScript holds no weights: they are used where they lie in their file. Quantized weights are made once and
   * kept in a cache, except those of training runs. (Of a GGUF file, quantized weights, and
   * Llama's queries and keys, whose rows have another order there, are read into memory first.)
   *
   * Dispose of it when done. Until then the files must not be written to; they may be replaced.
   */
  decoder(options?: DecoderOptions): Promise<Decoder>;
}

/**
 * Opens a model by its place: a training run's folder or a checkpoint's JSON file in it; a folder as it is published on the Hugging Face Hub
 * (`config.json`, `model.safetensors` or its shards, and for the tokenizer `tokenizer.json` or `vocab.json` and `merges.txt`, with
 * `tokenizer_config.json`); a GGUF file, llama.cpp's format; the name of a model on the hub; or `austen`, the small model that comes with tsgpt.
 *
 *     const opened = await openModel('openai-community/gpt2');
 *     await using decoder = await opened.decoder({ quantize: 'q8' });
 *
 * @throws TsgptError if there is no such model, a file is missing or damaged, its family or one of its options is not supported, or its files do not
 * belong together
 */
export async function openModel(place: string, options: OpenOptions = {}): Promise<OpenedModel> {
  const { checkpoint, hub, cacheFolder } = knownOptions('openModel', options, openOptions);
  const { kind, path } = await locateModel(place, hub);
  const open: Record<ModelPlace['kind'], () => Promise<ModelSource>> = {
    run: () => openCheckpoint(path, checkpoint),
    folder: () => openFolder(path),
    gguf: () => openGgufModel(path),
  };
  return openedModel(await open[kind](), cacheFolder);
}

/** What is known of a model without opening it. */
export interface DescribedModel extends ModelDescription, Pick<ModelSource, 'path' | 'checkpoint'> {
  /** Only for a training run, which stores its tokenizer with its configuration. */
  tokenizer?: Tokenizer | undefined;
}

/**
 * Tells which model {@link openModel} would open. Of a published one it reads, and downloads, only `config.json` or the header of the GGUF
 * file. Throws as {@link openModel} does.
 */
export async function describeModel(place: string, options: OpenOptions = {}): Promise<DescribedModel> {
  const { checkpoint, hub } = knownOptions('describeModel', options, openOptions);
  const { kind, path } = await locateModel(place, { ...hub, files: ['config.json'] });
  if (kind === 'run') return openCheckpoint(path, checkpoint);
  return { path, ...(await (kind === 'gguf' ? readGgufConfig(path) : describeFolder(path))) };
}

/** An open model whose weights are loaded by `source`. */
export function openedModel({ load, files, wasReplaced, ...known }: ModelSource, cacheFolder?: string): OpenedModel {
  return {
    ...known,
    model: () => load('memory'),
    async decoder(options = {}) {
      const { quantize } = knownOptions('decoder', options, decoderOptions);
      for (let attempt = 1; ; attempt++) {
        const model = !quantize
          ? await load('file')
          : files
            ? await quantizedModel({ ...known, load, files: await files() }, quantize, cacheFolder)
            : await load('memory');
        const decoder = new Decoder(model, options);
        try {
          await decoder.load();
          return decoder;
        } catch (error) {
          // A training run that saves just now may have removed the file before it was used.
          if (attempt === 3 || !(await wasReplaced?.())) throw error;
        }
      }
    },
  };
}
