import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { ensure, TsgptError } from '../../core/errors.ts';
import { describeIssue } from '../../core/invalid-json.ts';
import { isObject } from '../../core/json.ts';
import { trainOptionsSchema } from '../../train/options.ts';
import { reasonOf } from '../system-errors.ts';

/**
 * A checkpoint is a JSON file with everything except the tensors. It names the safetensors files that hold the tensors:
 *
 *     last.json  → step-2000.model.safetensors, step-2000.optimizer.safetensors
 *     best.json  → step-1750.model.safetensors
 *
 * The safetensors files are written first; their names contain the step. Then the JSON file is replaced atomically, which makes
 * the new files the checkpoint. If anything fails before that, the previous checkpoint is still complete.
 */
export type CheckpointName = 'last' | 'best';

export const checkpointFormat = 'tsgpt checkpoint';

/** What to do about damaged numbers of a run, which nobody else has. */
export const damagedRemedy = 'use another checkpoint of the run, or train again';

const countSchema = v.pipe(v.number(), v.integer(), v.minValue(0));
const randomStateSchema = v.pipe(v.array(v.pipe(v.number(), v.integer())), v.length(4));

/** How a training text was read. `include` and `exclude` are glob patterns. */
const textReadingSchema = v.object({
  encoding: v.optional(v.string()),
  include: v.optional(v.array(v.string())),
  exclude: v.optional(v.array(v.string())),
  allowSpecial: v.optional(v.boolean()),
});

/** The texts of a mixture, in their order: where they are, how often their rows come, and how many tokens of each are learned from. */
const mixtureSchema = v.array(v.object({ path: v.string(), weight: v.number(), trainTokens: countSchema }));

const checkpointSchema = v.object({
  format: v.literal(checkpointFormat),
  architecture: v.string(),
  config: v.unknown(),
  tokenizer: v.unknown(),
  // Present if the model it was trained from has them.
  chatTemplate: v.optional(v.string()),
  stopTokens: v.optional(v.array(countSchema)),
  step: countSchema,
  validationLoss: v.optional(v.number()),
  model: v.string(),
  training: v.optional(
    v.object({
      optimizer: v.string(),
      // Present if the model was trained on a text: the options and the text.
      options: v.optional(trainOptionsSchema),
      text: v.optional(
        v.object({
          path: v.string(),
          // Missing in older files.
          reading: v.optional(textReadingSchema),
          // Present if it is several texts.
          mixture: v.optional(mixtureSchema),
          trainTokens: countSchema,
          validationTokens: countSchema,
          checksum: v.number(),
        }),
      ),
      // The samples written at evaluations. Missing in older files.
      sample: v.optional(v.object({ prompt: v.string(), tokens: countSchema, seed: v.optional(v.number()) })),
      // The position in the stream of batches.
      batches: v.optional(v.unknown()),
      // The same position in older files, which knew only random windows.
      windows: v.optional(randomStateSchema),
      dropout: randomStateSchema,
      bestValidationLoss: v.optional(v.number()),
      // For the patience of training. Missing in older files.
      lastImprovement: v.optional(v.object({ step: countSchema, validationLoss: v.number() })),
    }),
  ),
});

/** The contents of a checkpoint's JSON file. */
export type CheckpointFile = v.InferOutput<typeof checkpointSchema>;
export type MixtureRecord = v.InferOutput<typeof mixtureSchema>;
export type TextReading = v.InferOutput<typeof textReadingSchema>;
export type TrainingRecord = NonNullable<CheckpointFile['training']>;

/** Reads a checkpoint's JSON file. Throws a TsgptError if it is missing, damaged, or written by another program. */
export async function readCheckpointFile(path: string): Promise<CheckpointFile> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new TsgptError(`cannot read the checkpoint ${path}: ${reasonOf(cause)}`, { cause });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TsgptError(`the checkpoint ${path} is damaged: it is not complete JSON; use another checkpoint`, {
      cause,
    });
  }
  const parsed = v.safeParse(checkpointSchema, json);
  if (!parsed.success) {
    ensure(
      isObject(json) && json.format === checkpointFormat,
      `${path} is not a checkpoint of tsgpt; give the folder of a training run, or last.json or best.json in it`,
    );
    throw new TsgptError(
      `the checkpoint ${path} is damaged: ${describeIssue(parsed.issues[0])}; use another checkpoint`,
    );
  }
  return parsed.output;
}
