import { ensure, TsgptError } from '../../core/errors.ts';
import { formatShape, sameShape } from '../../core/shape.ts';
import { whileOpen } from '../../core/while-open.ts';
import type { SafetensorsReader } from '../../formats/safetensors/reader.ts';
import { checkBlocks } from '../../models/check-blocks.ts';
import { familyNamed, type LanguageModel } from '../../models/index.ts';
import { fitsModel, type Tokenizer, tokenizerFromJSON } from '../../tokenizer/index.ts';
import type { ModelSource, WeightPlace } from '../model-source.ts';
import { openSafetensors } from '../safetensors.ts';
import { type CheckpointFile, type CheckpointName, damagedRemedy } from './checkpoint-file.ts';
import { type ChosenCheckpoint, chooseCheckpoint, numbersPathOf, wasReplaced } from './choose-checkpoint.ts';
import type { CheckpointModel } from './save-checkpoint.ts';

/** A checkpoint that has been read. `file` is its JSON file. */
export interface LoadedCheckpoint<Model extends CheckpointModel = LanguageModel> {
  /** The JSON file's path. */
  path: string;
  file: CheckpointFile;
  model: Model;
  tokenizer: Tokenizer;
}

/** A checkpoint whose weights have not been read yet. */
export interface OpenCheckpoint extends ModelSource {
  file: CheckpointFile;
  tokenizer: Tokenizer;
}

/**
 * Reads a checkpoint. `path` is a folder or a checkpoint's JSON file. If a folder has both checkpoints, `prefer` chooses between
 * them. Defaults to the best one, or to the last one if the best is from before the first step. `create` makes the model from its saved
 * configuration, if the model does not belong to a family.
 *
 * @throws TsgptError if the checkpoint is missing, damaged, or written by another program
 */
export async function loadCheckpoint(path: string, prefer?: CheckpointName): Promise<LoadedCheckpoint>;
export async function loadCheckpoint<Model extends CheckpointModel, Config>(
  path: string,
  prefer: CheckpointName | undefined,
  create: (config: Config) => Model,
): Promise<LoadedCheckpoint<Model>>;
export async function loadCheckpoint(
  path: string,
  prefer?: CheckpointName,
  create?: (config: never) => CheckpointModel,
): Promise<LoadedCheckpoint<CheckpointModel>> {
  const checkpoint = await readCheckpoint(path, prefer);
  try {
    const model = await loadModel(checkpoint, (numbers) =>
      create ? create(checkpoint.file.config as never) : createOfFamily(checkpoint, numbers),
    );
    return { ...checkpoint, model };
  } catch (error) {
    if (await wasReplaced(checkpoint)) return loadCheckpoint(path, prefer, create as never);
    throw error;
  }
}

/** Opens the checkpoint of a model that belongs to a family, without reading its weights. Throws as {@link loadCheckpoint} does. */
export async function openCheckpoint(path: string, prefer?: CheckpointName): Promise<OpenCheckpoint> {
  const checkpoint = await readCheckpoint(path, prefer);
  const { name, other } = checkpoint;
  const { architecture, step, validationLoss } = checkpoint.file;
  const config = readPart(checkpoint.path, () => familyNamed(architecture).config.parse(checkpoint.file.config));
  checkTokenizer(checkpoint, config);
  return {
    ...checkpoint,
    ...{ family: architecture, modelType: architecture, config },
    chatTemplate: checkpoint.file.chatTemplate,
    stopTokens: (checkpoint.file.stopTokens ?? []).filter((id) => id < config.vocabSize),
    checkpoint: { step, validationLoss, name, other },
    load: (weights) => loadLatest(checkpoint, weights),
    wasReplaced: () => wasReplaced(checkpoint),
  };
}

/** Loads the model of a checkpoint. If a training run has replaced it since it was read, that is the new one. */
async function loadLatest(checkpoint: ReadCheckpoint, weights: WeightPlace): Promise<LanguageModel> {
  try {
    return await loadModel(checkpoint, (numbers) => createOfFamily(checkpoint, numbers), weights);
  } catch (error) {
    if (await wasReplaced(checkpoint)) return loadLatest(await readCheckpoint(checkpoint.path), weights);
    throw error;
  }
}

interface ReadCheckpoint extends ChosenCheckpoint {
  tokenizer: Tokenizer;
}

async function readCheckpoint(path: string, prefer?: CheckpointName): Promise<ReadCheckpoint> {
  const chosen = await chooseCheckpoint(path, prefer);
  if (await wasReplaced(chosen)) return readCheckpoint(path, prefer);
  return { ...chosen, tokenizer: readPart(chosen.path, () => tokenizerFromJSON(chosen.file.tokenizer)) };
}

function checkTokenizer({ path, tokenizer }: ReadCheckpoint, { vocabSize }: { vocabSize: number }): void {
  ensure(
    fitsModel(tokenizer, vocabSize),
    `${path} is damaged: its tokenizer has ${tokenizer.vocabSize} tokens, but its model only ${vocabSize}`,
  );
}

/** Makes a model with `create` and loads the checkpoint's weights into it. */
async function loadModel<Model extends CheckpointModel>(
  checkpoint: ReadCheckpoint,
  create: (numbers: SafetensorsReader) => Model,
  weights: WeightPlace = 'memory',
): Promise<Model> {
  const { path } = checkpoint;
  const numbersPath = numbersPathOf(checkpoint);
  return whileOpen(await openSafetensors(numbersPath, damagedRemedy), async (numbers) => {
    const model = readPart(path, () => create(numbers));
    checkTokenizer(checkpoint, model.config);
    await loadParameters(model, numbers, numbersPath, weights);
    return model;
  });
}

function createOfFamily({ file: { architecture, config } }: ReadCheckpoint, numbers: SafetensorsReader): LanguageModel {
  const family = familyNamed(architecture);
  const parsed = family.config.parse(config);
  checkBlocks(family, parsed, numbers); // before the model is built
  return family.create(parsed);
}

/** Reads a part of the JSON file. Errors name the file. */
function readPart<T>(jsonPath: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    // A RangeError comes from an array that is too large to allocate.
    if (!(cause instanceof TsgptError || cause instanceof RangeError)) throw cause;
    throw new TsgptError(`${jsonPath} is damaged: ${cause.message}`, { cause });
  }
}

/** Loads the model's weights from a safetensors file, whose tensor names must be exactly the paths of the parameters. */
async function loadParameters(
  model: CheckpointModel,
  file: SafetensorsReader,
  path: string,
  weights: WeightPlace,
): Promise<void> {
  const parameters = model.namedParameters();
  for (const name of file.tensors.keys()) {
    ensure(
      parameters.has(name),
      `${path} holds a tensor ${name}, which the model does not have; it belongs to another model`,
    );
  }
  for (const [name, parameter] of parameters) {
    checkTensor(file, path, name, parameter.shape);
    if (weights === 'memory') parameter.value = (await file.read(name)).data as Float32Array;
    else parameter.stored = { format: 'float32', data: file.regionOf(name) };
  }
}

/** Throws a TsgptError unless the file has a float32 tensor with this name and shape. */
export function checkTensor(file: SafetensorsReader, path: string, name: string, shape: readonly number[]): void {
  const entry = file.tensors.get(name);
  ensure(entry, `${path} has no tensor ${name}, which the model needs; it belongs to another model or is incomplete`);
  ensure(
    sameShape(entry.shape, shape),
    `${path}: tensor ${name} is ${formatShape(entry.shape)}, but the configuration needs ${formatShape(shape)}`,
  );
  ensure(entry.dtype === 'F32', `${path}: tensor ${name} holds ${entry.dtype}, but checkpoints hold F32`);
}
