import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { ensure, TsgptError } from '../../core/errors.ts';
import { describeIssue } from '../../core/invalid-json.ts';
import { isObject } from '../../core/json.ts';
import { ensureString } from '../../core/kind.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { throwUnreadable } from '../unreadable.ts';

/**
 * Token shards: a text as token ids in files that are read in pieces, so that a text of any size can be trained on.
 *
 *     manifest.json                        what is here; written last, so a folder without it is not finished
 *     tokenizer.json, tokenizer_config.json  the tokenizer, if it is one in Hugging Face's form
 *     train-00000.bin, train-00001.bin …   token ids, little-endian uint16 or uint32, one after the other across the shards
 *     train-00000.idx, …                   where in the shard documents begin, little-endian uint32
 *     validation-00000.bin, …              the same for the documents that are kept for validation
 *
 * A document ends with the end-of-text token, if the tokenizer has one. It may reach across shards.
 */
export const manifestName = 'manifest.json';
export const manifestFormat = 'tsgpt shards';
const version = 1;

/** What unfinished work leaves in the folder, to be continued. */
export const progressName = 'progress.json';

const countSchema = v.pipe(v.number(), v.integer(), v.minValue(0));
const hashSchema = v.pipe(v.string(), v.regex(/^[\da-f]{64}$/, 'must be a SHA-256 checksum'));
const nameSchema = v.pipe(v.string(), v.regex(/^[\w-]+$/, 'must be a plain file name'));

export const shardSchema = v.object({
  // The name of its two files, without .bin and .idx.
  name: nameSchema,
  tokens: countSchema,
  // The documents that begin in it.
  documents: countSchema,
  // The checksums of its two files.
  sha256: hashSchema,
  indexSha256: hashSchema,
});
/** Two files of a set of shards: token ids, and where documents begin. */
export type Shard = v.InferOutput<typeof shardSchema>;

const splitSchema = v.object({ tokens: countSchema, documents: countSchema, shards: v.array(shardSchema) });

export const tokenizerIdentitySchema = v.object({
  kind: v.picklist(['gpt2', 'char', 'hugging-face']),
  // Only of a character tokenizer.
  characters: v.optional(v.string()),
  vocabSize: countSchema,
  endOfTextId: v.optional(countSchema),
  // The checksum of the bytes of all its tokens, see `hashOfTokens`.
  sha256: hashSchema,
});
/** Which tokenizer made token ids. */
export type TokenizerIdentity = v.InferOutput<typeof tokenizerIdentitySchema>;

export const preparedSourceSchema = v.object({
  path: v.string(),
  // Its size, and when it was changed last, in milliseconds since 1970; 0 of standard input.
  bytes: countSchema,
  modified: v.number(),
});
/** A file that shards were made from. */
export type PreparedSource = v.InferOutput<typeof preparedSourceSchema>;

const manifestSchema = v.object({
  format: v.literal(manifestFormat),
  version: v.literal(version),
  tokenizer: tokenizerIdentitySchema,
  dtype: v.picklist(['uint16', 'uint32']),
  // The number of tokens in every shard but the last.
  shardSize: countSchema,
  validation: v.object({
    fraction: v.number(),
    // Whether documents were chosen by their checksum, or, because there are too few, the end of the text was kept.
    by: v.picklist(['document', 'end']),
  }),
  // The size of the documents as UTF-8.
  textBytes: countSchema,
  sources: v.array(preparedSourceSchema),
  splits: v.object({ train: splitSchema, validation: splitSchema }),
});
/** The contents of `manifest.json`. */
export type ShardManifest = v.InferOutput<typeof manifestSchema>;
/** The parts of a set of shards. */
export type SplitName = keyof ShardManifest['splits'];

/** What the manifest leaves to be said by the code. */
export type ManifestContents = Omit<ShardManifest, 'format' | 'version'>;

export async function writeManifest(folder: string, contents: ManifestContents): Promise<void> {
  const manifest: ShardManifest = { format: manifestFormat, version, ...contents };
  await writeFileAtomic(join(folder, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Whether a folder has token shards, finished or not. */
export async function holdsShards(folder: string): Promise<boolean> {
  ensureString('holdsShards', 'the folder', folder);
  const holds = async (name: string, isIt: (text: string) => boolean) =>
    readFile(join(folder, name), 'utf8').then(isIt, () => false);
  return (
    (await holds(manifestName, (text) => text.includes(`"${manifestFormat}"`))) ||
    (await holds(progressName, () => true))
  );
}

/** Reads a folder's manifest. Throws a TsgptError if it has none, or it is damaged or written by another program. */
export async function readManifest(folder: string): Promise<ShardManifest> {
  const path = join(folder, manifestName);
  const text = await readFile(path, 'utf8').catch((error) => missing(folder, path, error));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TsgptError(`${path} is not complete JSON; prepare the data again`, { cause });
  }
  ensure(
    isObject(json) && json.format === manifestFormat,
    `${path} does not describe token shards; name a folder that "tsgpt data prepare" has written`,
  );
  ensure(
    json.version === version,
    `the shards in ${folder} have version ${String(json.version)} of the format, but this program reads version ${version}; prepare the data again`,
  );
  const parsed = v.safeParse(manifestSchema, json);
  if (!parsed.success) {
    throw new TsgptError(`${path} is damaged (${describeIssue(parsed.issues[0])}); prepare the data again`);
  }
  ensureCountsAgree(path, parsed.output);
  return parsed.output;
}

async function missing(folder: string, path: string, error: NodeJS.ErrnoException): Promise<never> {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throwUnreadable(path, error);
  const isUnfinished = await readFile(join(folder, progressName)).then(
    () => true,
    () => false,
  );
  throw new TsgptError(
    isUnfinished
      ? `the shards in ${folder} are not finished; give the same command to prepare them again, and it goes on`
      : `there are no token shards in ${folder}; name a folder that "tsgpt data prepare" has written`,
    { cause: error },
  );
}

function ensureCountsAgree(path: string, { splits, tokenizer, dtype }: ShardManifest): void {
  for (const [name, { tokens, documents, shards }] of Object.entries(splits)) {
    const sum = (count: 'tokens' | 'documents') => shards.reduce((total, shard) => total + shard[count], 0);
    ensure(
      sum('tokens') === tokens && sum('documents') === documents,
      `${path} is damaged (the counts of the ${name} shards do not add up); prepare the data again`,
    );
  }
  ensure(
    dtype === dtypeOfTokens(tokenizer.vocabSize),
    `${path} is damaged (${tokenizer.vocabSize} tokens are not stored as ${dtype}); prepare the data again`,
  );
}

/** The type in which ids below `vocabSize` are stored. */
export function dtypeOfTokens(vocabSize: number): ShardManifest['dtype'] {
  return vocabSize <= 2 ** 16 ? 'uint16' : 'uint32';
}

/** How many bytes a token takes. */
export const bytesPerToken = { uint16: 2, uint32: 4 } as const;
/** How many bytes the place of a document takes. */
export const BYTES_PER_START = 4;
