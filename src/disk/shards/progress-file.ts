import { createHash } from 'node:crypto';
import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { ensure, TsgptError } from '../../core/errors.ts';
import { describeIssue } from '../../core/invalid-json.ts';
import type { Tokenizer } from '../../tokenizer/index.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { standardInput } from '../documents/read-bytes.ts';
import { reasonOf } from '../system-errors.ts';
import { throwUnreadable } from '../unreadable.ts';
import { manifestName, preparedSourceSchema, progressName, shardSchema } from './manifest.ts';
import { positionSchema } from './portions.ts';
import { writerStateSchema } from './shard-writer.ts';

const countSchema = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What the tokens depend on, beside the sources. They must stay the same until the work is done. */
const settingsSchema = v.object({
  /** The checksum of the whole tokenizer, not only of its tokens. */
  tokenizer: v.string(),
  shardSize: countSchema,
  validationFraction: v.number(),
  field: v.string(),
  format: v.optional(v.string()),
  encoding: v.optional(v.string()),
  allowSpecial: v.boolean(),
});
export type PrepareSettings = v.InferOutput<typeof settingsSchema>;

const progressSchema = v.object({
  settings: settingsSchema,
  sources: v.array(preparedSourceSchema),
  position: positionSchema,
  textBytes: countSchema,
  emptyDocuments: countSchema,
  bytesRead: countSchema,
  train: writerStateSchema,
  validation: writerStateSchema,
  /** Once the end of the text has been copied to the validation shards: they, and how much is left to learn from. */
  end: v.optional(v.object({ tokens: countSchema, documents: countSchema, validation: v.array(shardSchema) })),
});
/** How far unfinished work has come. */
export type PrepareProgress = v.InferOutput<typeof progressSchema>;

export async function writeProgress(folder: string, progress: PrepareProgress): Promise<void> {
  await writeFileAtomic(join(folder, progressName), `${JSON.stringify(progress)}\n`);
}

/**
 * How far work in this folder has come; undefined if it has not begun. Throws a TsgptError if the folder holds something else, or the work was begun
 * with other settings or sources.
 */
export async function readProgress(
  folder: string,
  settings: PrepareSettings,
  sources: PrepareProgress['sources'],
): Promise<PrepareProgress | undefined> {
  const names = await filesIn(folder);
  ensure(
    !names.includes(manifestName),
    `${folder} already holds finished shards; choose another folder, or remove this one`,
  );
  // What a process leaves that is killed while it writes the file.
  const others = names.filter((name) => !name.startsWith(progressName) && !ownFile.test(name));
  if (!names.includes(progressName)) {
    ensure(others.length === 0, `cannot write into ${folder}: it already holds ${others[0]}; choose a new folder`);
    return undefined;
  }
  const path = join(folder, progressName);
  const text = await readFile(path, 'utf8').catch((error) => throwUnreadable(path, error));
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), progressSchema), text);
  if (!parsed.success) {
    const issue = describeIssue(parsed.issues[0]);
    throw new TsgptError(`${path} is damaged (${issue}); remove the folder and begin anew`);
  }
  ensureSameSettings(folder, parsed.output.settings, settings);
  ensureSameSources(folder, parsed.output.sources, sources);
  return parsed.output;
}

const ownFile =
  /^(tokenizer\.json|tokenizer_config\.json|manifest\.json|prepare\.lock|(train|validation)-\d{5,}\.(bin|idx))(\.[\da-f-]+\.tmp)?$/;

function ensureSameSettings(folder: string, before: PrepareSettings, now: PrepareSettings): void {
  for (const name of Object.keys(settingsSchema.entries) as (keyof PrepareSettings)[]) {
    if (before[name] === now[name]) continue;
    const differ =
      name === 'tokenizer'
        ? 'another tokenizer'
        : `the option ${name} ${before[name] ?? 'left out'} instead of ${now[name] ?? 'left out'}`;
    throw new TsgptError(
      `the preparation in ${folder} was begun with ${differ}; give the same again to continue it, or choose another folder`,
    );
  }
}

function ensureSameSources(folder: string, before: PrepareProgress['sources'], now: PrepareProgress['sources']): void {
  const name = (path: string) => (path === standardInput ? 'standard input' : path);
  for (const [i, source] of before.entries()) {
    const other = now[i];
    ensure(
      other?.path === source.path,
      () =>
        `the preparation in ${folder} was begun with ${name(source.path)} as source ${i + 1}, but now ` +
        `${other ? `${name(other.path)} is` : 'there is none'}; give the same sources again, or choose another folder`,
    );
    ensure(
      other.bytes === source.bytes && other.modified === source.modified,
      () =>
        `${source.path} has been changed since the preparation in ${folder} began; choose another folder to begin anew, or put the old file back`,
    );
  }
  ensure(
    now.length === before.length,
    () =>
      `the preparation in ${folder} was begun without ${now[before.length]!.path}; give the same sources again, or choose another folder`,
  );
}

/** Removes what a process leaves that is killed while it writes a file. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await filesIn(folder)) {
    if (/\.json\.[\da-f]+\.tmp$/.test(name)) await rm(join(folder, name), { force: true });
  }
}

/** Removes what work leaves that has written nothing; the folder, too, if it is then empty. */
export async function removeProgress(folder: string): Promise<void> {
  for (const name of await filesIn(folder)) {
    if (name === progressName || ownFile.test(name)) await rm(join(folder, name), { force: true });
  }
  await rmdir(folder);
}

/** The checksum of everything that makes the tokenizer. */
export function hashOfTokenizer(tokenizer: Tokenizer): string {
  return createHash('sha256').update(JSON.stringify(tokenizer.toJSON())).digest('hex');
}

async function filesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    const reason = cause.code === 'ENOTDIR' ? 'there is a file of that name' : reasonOf(cause);
    throw new TsgptError(`cannot write the folder ${folder}: ${reason}; choose another`, { cause });
  });
}
