import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ensure, TsgptError } from '../../core/errors.ts';
import { formatShape, sameShape } from '../../core/shape.ts';
import type { SafetensorsReader } from '../../formats/safetensors/reader.ts';
import { checkBlocks } from '../../models/check-blocks.ts';
import { familyNamed, type LanguageModel } from '../../models/index.ts';
import { type Tokenizer, tokenizerFromJSON } from '../../tokenizer/index.ts';
import type { ModelSource, WeightPlace } from '../model-source.ts';
import { openSafetensors } from '../safetensors.ts';
import { type CheckpointFile, type CheckpointName, readCheckpointFile } from './checkpoint-file.ts';
import type { CheckpointModel } from './save-checkpoint.ts';

/** A checkpoint that has been read; `file` says what else there is. */
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
 * Reads a checkpoint: of a folder the best one, or with `prefer` the last one, if there are both; or a checkpoint's JSON file.
 * A model that belongs to no family is made by `create` from its configuration, as it was saved. Throws one clear sentence if the
 * checkpoint is missing, damaged, or of another program.
 */
export async function loadCheckpoint(path: string, prefer?: CheckpointName): Promise<LoadedCheckpoint>;
export async function loadCheckpoint<Model extends CheckpointModel, Config>(
  path: string,
  prefer: CheckpointName,
  create: (config: Config) => Model,
): Promise<LoadedCheckpoint<Model>>;
export async function loadCheckpoint(
  path: string,
  prefer?: CheckpointName,
  create?: (config: never) => CheckpointModel,
): Promise<LoadedCheckpoint<CheckpointModel>> {
  const checkpoint = await readCheckpoint(path, prefer);
  const model = await loadModel(checkpoint, (numbers) =>
    create ? create(checkpoint.file.config as never) : createOfFamily(checkpoint, numbers),
  );
  return { ...checkpoint, model };
}

/** Opens a checkpoint of a family's model, without reading its weights. Throws as {@link loadCheckpoint} does. */
export async function openCheckpoint(path: string, prefer?: CheckpointName): Promise<OpenCheckpoint> {
  const checkpoint = await readCheckpoint(path, prefer);
  const { architecture, step, validationLoss } = checkpoint.file;
  const config = readPart(checkpoint.path, () => familyNamed(architecture).config.parse(checkpoint.file.config));
  checkTokenizer(checkpoint, config);
  return {
    ...checkpoint,
    ...{ family: architecture, modelType: architecture, config },
    ...{ chatTemplate: undefined, stopTokens: [] },
    checkpoint: { step, validationLoss },
    load: (weights) => loadModel(checkpoint, (numbers) => createOfFamily(checkpoint, numbers), weights),
  };
}

type ReadCheckpoint = Omit<LoadedCheckpoint, 'model'>;

async function readCheckpoint(path: string, prefer: CheckpointName = 'best'): Promise<ReadCheckpoint> {
  const jsonPath = path.endsWith('.json') ? path : await findCheckpoint(path, prefer);
  const file = await readCheckpointFile(jsonPath);
  return { path: jsonPath, file, tokenizer: readPart(jsonPath, () => tokenizerFromJSON(file.tokenizer)) };
}

function checkTokenizer({ path, tokenizer }: ReadCheckpoint, { vocabSize }: { vocabSize: number }): void {
  ensure(
    tokenizer.vocabSize <= vocabSize,
    `${path} is damaged: its tokenizer has ${tokenizer.vocabSize} tokens, but its model only ${vocabSize}`,
  );
}

/** The model that `create` makes, with the weights of the checkpoint. */
async function loadModel<Model extends CheckpointModel>(
  checkpoint: ReadCheckpoint,
  create: (numbers: SafetensorsReader) => Model,
  weights: WeightPlace = 'memory',
): Promise<Model> {
  const { path, file } = checkpoint;
  const numbersPath = join(dirname(path), basename(file.model));
  await using numbers = await openSafetensors(numbersPath);
  const model = readPart(path, () => create(numbers));
  checkTokenizer(checkpoint, model.config);
  await loadParameters(model, numbers, numbersPath, weights);
  return model;
}

function createOfFamily({ file: { architecture, config } }: ReadCheckpoint, numbers: SafetensorsReader): LanguageModel {
  const family = familyNamed(architecture);
  const parsed = family.config.parse(config);
  checkBlocks(family, parsed, numbers); // before it is built
  return family.create(parsed);
}

/** Reads a part of the JSON file; what goes wrong is told with the file's name. */
function readPart<T>(jsonPath: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    // A RangeError is an array too large to be.
    if (!(cause instanceof TsgptError || cause instanceof RangeError)) throw cause;
    throw new TsgptError(`${jsonPath} is damaged: ${cause.message}`, { cause });
  }
}

async function findCheckpoint(folder: string, prefer: CheckpointName): Promise<string> {
  const entries = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'there is nothing of that name' : 'it is not a folder';
    throw new TsgptError(`cannot read the checkpoint ${folder}: ${reason}; give the folder of a training run`, {
      cause,
    });
  });
  const found = [prefer, 'last', 'best'].map((name) => `${name}.json`).find((name) => entries.includes(name));
  ensure(
    found,
    `there is no checkpoint in ${folder}: neither last.json nor best.json; give the folder of a training run`,
  );
  return join(folder, found);
}

/** Fills the model from a safetensors file that names tensors by the paths of parameters, all of them and no others. */
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
      `${path} holds a tensor ${name}, which the model does not have; it is of another model`,
    );
  }
  const realPath = await realpath(path); // ONNX Runtime maps no links into memory
  for (const [name, parameter] of parameters) {
    checkTensor(file, path, name, parameter.shape);
    if (weights === 'memory') parameter.value = (await file.read(name)).data as Float32Array;
    else parameter.stored = { format: 'float32', data: { ...file.regionOf(name), path: realPath } };
  }
}

/** Throws unless the file holds the tensor that a model or optimizer needs. */
export function checkTensor(file: SafetensorsReader, path: string, name: string, shape: readonly number[]): void {
  const entry = file.tensors.get(name);
  ensure(entry, `${path} has no tensor ${name}, which the model needs; it is of another model or incomplete`);
  ensure(
    sameShape(entry.shape, shape),
    `${path}: tensor ${name} is ${formatShape(entry.shape)}, but the configuration needs ${formatShape(shape)}`,
  );
  ensure(entry.dtype === 'F32', `${path}: tensor ${name} holds ${entry.dtype}, but checkpoints hold F32`);
}
