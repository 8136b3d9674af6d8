import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { ensure, TsgptError } from '../../core/errors.ts';
import { formatShape, sameShape } from '../../core/shape.ts';
import { checkBlocks, createModel, type LanguageModel } from '../../models/index.ts';
import { type Tokenizer, tokenizerFromJSON } from '../../tokenizer/index.ts';
import { trainOptionsSchema } from '../../train/options.ts';
import type { Trainer } from '../../train/trainer.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { openSafetensors, type SafetensorsReader, writeSafetensors } from '../safetensors.ts';

/**
 * A checkpoint is a JSON file that says everything but the numbers, and names the safetensors files that hold them:
 *
 *     last.json  → step-2000.model.safetensors, step-2000.optimizer.safetensors
 *     best.json  → step-1750.model.safetensors
 *
 * The numbers are written first, under the name of their step; replacing the JSON file, which either happens or does not, is
 * what makes them the checkpoint. Whatever goes wrong before, the one from before is still whole.
 */
export type CheckpointName = 'last' | 'best';

const formatName = 'tsgpt checkpoint';

const countSchema = v.pipe(v.number(), v.integer(), v.minValue(0));
const randomStateSchema = v.pipe(v.array(v.pipe(v.number(), v.integer())), v.length(4));

const checkpointSchema = v.object({
  format: v.literal(formatName),
  architecture: v.string(),
  config: v.unknown(),
  tokenizer: v.unknown(),
  step: countSchema,
  validationLoss: v.optional(v.number()),
  model: v.string(),
  training: v.optional(
    v.object({
      optimizer: v.string(),
      options: trainOptionsSchema,
      text: v.object({
        path: v.string(),
        trainTokens: countSchema,
        validationTokens: countSchema,
        checksum: v.number(),
      }),
      windows: randomStateSchema,
      dropout: randomStateSchema,
      bestValidationLoss: v.optional(v.number()),
    }),
  ),
});

/** The contents of a checkpoint's JSON file. */
export type CheckpointFile = v.InferOutput<typeof checkpointSchema>;
export type TrainingRecord = NonNullable<CheckpointFile['training']>;

export interface CheckpointToSave {
  model: LanguageModel;
  tokenizer: Tokenizer;
  step: number;
  validationLoss?: number;
  /** With it, training can be resumed from the checkpoint. */
  training?: { trainer: Trainer; record: Omit<TrainingRecord, 'optimizer' | 'windows' | 'dropout'> };
}

/**
 * Writes the state under each of `names` in the folder, then removes the number files that no checkpoint there uses any more.
 * Only `last` keeps what it takes to resume training.
 */
export async function saveCheckpoint(
  folder: string,
  names: readonly CheckpointName[],
  { model, tokenizer, step, validationLoss, training }: CheckpointToSave,
): Promise<void> {
  await makeFolder(folder);
  const file: CheckpointFile = {
    format: formatName,
    architecture: model.architecture,
    config: model.config,
    tokenizer: tokenizer.toJSON(),
    step,
    validationLoss,
    model: `step-${step}.model.safetensors`,
  };
  const parameters = [...model.namedParameters()];
  const modelTensors = parameters.map(([path, { shape, value }]) => ({ name: path, shape, data: value }));
  await writeSafetensors(join(folder, file.model), modelTensors);
  for (const name of names) {
    const record = name === 'last' && training ? await saveTraining(folder, step, training) : undefined;
    await writeFileAtomic(join(folder, `${name}.json`), `${JSON.stringify({ ...file, training: record }, null, 2)}\n`);
  }
  await removeUnusedNumbers(folder);
}

/** Makes sure that the folder is there. */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause) => {
    throw new TsgptError(`cannot create the folder ${folder}: ${cause.message}; choose another place`, { cause });
  });
}

async function saveTraining(
  folder: string,
  step: number,
  { trainer, record }: NonNullable<CheckpointToSave['training']>,
): Promise<TrainingRecord> {
  const optimizer = `step-${step}.optimizer.safetensors`;
  await writeSafetensors(join(folder, optimizer), momentTensors(trainer));
  const { windows, dropout } = trainer.state;
  return { ...record, optimizer, windows: [...windows], dropout: [...dropout] };
}

/** AdamW's moments, parameter by parameter; `data` is where the trainer keeps them. */
function momentTensors({ parameters, optimizer }: Trainer) {
  const { firstMoment, secondMoment } = optimizer;
  return Object.entries({ firstMoment, secondMoment }).flatMap(([moment, flat]) =>
    parameters.views(flat).map((data, i) => {
      const { name, shape } = parameters.parameters[i]!;
      return { name: `${moment}.${name}`, shape, data };
    }),
  );
}

/** With `.tmp` at the end it is what a process that was killed while writing left. */
const numbersName = /^step-\d+\.(model|optimizer)\.safetensors(\.[0-9a-f]+\.tmp)?$/;

async function removeUnusedNumbers(folder: string): Promise<void> {
  const entries = await readdir(folder);
  const used = new Set<string | undefined>();
  // Copies under other names are checkpoints, too.
  for (const name of entries.filter((entry) => entry.endsWith('.json'))) {
    const file = await readCheckpointFile(join(folder, name)).catch(() => undefined);
    // What a damaged checkpoint uses is not known; better too many files than one too few.
    if (!file) return;
    used.add(file.model).add(file.training?.optimizer);
  }
  for (const entry of entries.filter((name) => numbersName.test(name) && !used.has(name)))
    await rm(join(folder, entry));
}

/** A checkpoint that has been read; `file` says what else there is. */
export interface LoadedCheckpoint {
  /** The JSON file's path. */
  path: string;
  file: CheckpointFile;
  model: LanguageModel;
  tokenizer: Tokenizer;
}

/**
 * Reads a checkpoint: of a folder the best one, or with `prefer` the last one, if there are both; or a checkpoint's JSON file.
 * Throws one clear sentence if it is missing, damaged, or of another program.
 */
export async function loadCheckpoint(path: string, prefer: CheckpointName = 'best'): Promise<LoadedCheckpoint> {
  const jsonPath = path.endsWith('.json') ? path : await findCheckpoint(path, prefer);
  const file = await readCheckpointFile(jsonPath);
  const numbersPath = join(dirname(jsonPath), basename(file.model));
  await using numbers = await openSafetensors(numbersPath);
  const model = readPart(jsonPath, () => {
    checkBlocks(file.architecture, file.config, numbers); // before it is built
    return createModel(file.architecture, file.config);
  });
  const tokenizer = readPart(jsonPath, () => tokenizerFromJSON(file.tokenizer));
  ensure(
    tokenizer.vocabSize <= model.config.vocabSize,
    `${jsonPath} is damaged: its tokenizer has ${tokenizer.vocabSize} tokens, but its model only ${model.config.vocabSize}`,
  );
  await loadParameters(model, numbers, numbersPath);
  return { path: jsonPath, file, model, tokenizer };
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
    const reason = cause.code === 'ENOENT' ? 'there is nothing of that name' : 'it is no folder';
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

async function readCheckpointFile(path: string): Promise<CheckpointFile> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new TsgptError(`cannot read the checkpoint ${path}: ${cause.message}`, { cause });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TsgptError(`the checkpoint ${path} is damaged: it is not whole JSON; use another checkpoint`, { cause });
  }
  const parsed = v.safeParse(checkpointSchema, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const where = v.getDotPath(issue) ?? 'the file';
    throw new TsgptError(`${path} is not a checkpoint of tsgpt: ${where}: ${issue.message}; give one that tsgpt wrote`);
  }
  return parsed.output;
}

/** Fills the model from a safetensors file that names tensors by the paths of parameters, all of them and no others. */
async function loadParameters(model: LanguageModel, file: SafetensorsReader, path: string): Promise<void> {
  const parameters = model.namedParameters();
  for (const name of file.tensors.keys()) {
    ensure(
      parameters.has(name),
      `${path} holds a tensor ${name}, which the model does not have; it is of another model`,
    );
  }
  for (const [name, parameter] of parameters) {
    parameter.value = await readTensor(file, path, name, parameter.shape);
  }
}

/** What it takes to resume training from a checkpoint. Throws if it holds only a model. */
export function trainingRecord({ path, file }: LoadedCheckpoint): TrainingRecord {
  ensure(file.training, `${path} holds a model, but not the state of its training; resume from a folder's last.json`);
  return file.training;
}

/** Fills the trainer's moments from the file that the checkpoint names, and goes on from its state. */
export async function restoreTrainer(trainer: Trainer, checkpoint: LoadedCheckpoint): Promise<void> {
  const training = trainingRecord(checkpoint);
  const { path, file } = checkpoint;
  const optimizerPath = join(dirname(path), basename(training.optimizer));
  await using moments = await openSafetensors(optimizerPath);
  for (const { name, shape, data } of momentTensors(trainer)) {
    data.set(await readTensor(moments, optimizerPath, name, shape));
  }
  trainer.restore({ step: file.step, windows: training.windows, dropout: training.dropout });
}

async function readTensor(
  file: SafetensorsReader,
  path: string,
  name: string,
  shape: readonly number[],
): Promise<Float32Array> {
  const entry = file.tensors.get(name);
  ensure(entry, `${path} has no tensor ${name}, which the model needs; it is of another model or incomplete`);
  ensure(
    sameShape(entry.shape, shape),
    `${path}: tensor ${name} is ${formatShape(entry.shape)}, but the configuration needs ${formatShape(shape)}`,
  );
  ensure(entry.dtype === 'F32', `${path}: tensor ${name} holds ${entry.dtype}, but checkpoints hold F32`);
  return (await file.read(name)).data as Float32Array;
}
