import { listFiles, modelInfo } from '@huggingface/hub';
import * as v from 'valibot';
import { ensure } from '../../core/errors.ts';
import { INDEX_FILE, WEIGHTS_FILE } from '../../formats/safetensors/sharded.ts';
import { ADAPTER_FILE, adapterMessage } from '../adapter.ts';
import type { HubConnection } from './connection.ts';
import { notTheHub } from './failures.ts';

/** A file of a model at one commit. */
export interface HubFile {
  /** The path in the repository. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** The hash that the hub stores it under: SHA-256 of a large file, git's SHA-1 of a small one. */
  readonly etag: string;
}

/** The files besides the weights that opening a model may need: configurations and tokenizer. */
const SMALL_FILES = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.json',
  'merges.txt',
  'added_tokens.json',
  'special_tokens_map.json',
  'chat_template.jinja',
];

const Sha1 = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/));
const Sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const Size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** In git, a large file is a pointer with the hash of its content. */
const Entry = v.object({ path: v.string(), size: Size, oid: Sha1, lfs: v.optional(v.object({ oid: Sha256 })) });

/** The current commit of a revision. */
export async function findCommit(connection: HubConnection): Promise<string> {
  const { name, revision, endpoint } = connection.settings;
  const fetch = connection.fetchJson(v.object({}));
  const { sha } = await modelInfo({ name, revision, additionalFields: ['sha'], hubUrl: endpoint, fetch });
  return understood(Sha1, sha, endpoint);
}

/** All files of the model at a commit. Folders are listed only on request, because few models need that. */
export async function listModelFiles(
  connection: HubConnection,
  commit: string,
  recursive = false,
): Promise<Map<string, HubFile>> {
  const { name, endpoint } = connection.settings;
  const files = new Map<string, HubFile>();
  const repo = { type: 'model', name } as const;
  const fetch = connection.fetchJson(v.array(v.object({ type: v.string() })));
  for await (const entry of listFiles({ repo, revision: commit, recursive, hubUrl: endpoint, fetch })) {
    if (entry.type !== 'file') continue;
    const { path, size, oid, lfs } = understood(Entry, entry, endpoint);
    files.set(path, { path, size, etag: lfs?.oid ?? oid });
  }
  return files;
}

function understood<T>(schema: v.GenericSchema<unknown, T>, answer: unknown, endpoint: string): T {
  const result = v.safeParse(schema, answer);
  if (result.success) return result.output;
  throw notTheHub(endpoint, new v.ValiError(result.issues));
}

/**
 * The files to download first: the requested ones, or those needed to open the model. If the last one is an index, its shards come afterwards.
 *
 * @throws TsgptError if one is missing or the model has no weights in the safetensors format
 */
export function chooseFiles(
  available: ReadonlyMap<string, HubFile>,
  name: string,
  asked?: readonly string[],
): readonly HubFile[] {
  if (asked) return asked.map((path) => fileNamed(path, available, name));
  const hasWeights = available.has(WEIGHTS_FILE) || available.has(INDEX_FILE);
  ensure(hasWeights || !available.has(ADAPTER_FILE), adapterMessage(name));
  ensure(
    available.has('config.json'),
    `${name} has no config.json, so it is not a model in the form of Hugging Face's transformers; choose another model`,
  );
  const weights = [WEIGHTS_FILE, INDEX_FILE].find((path) => available.has(path));
  const others = [...available.keys()].filter((path) => /\.(bin|gguf|h5|msgpack|onnx|pt|pth)$/.test(path)).slice(0, 3);
  ensure(
    weights,
    `${name} has no weights in the safetensors format${others.length ? `, only ${others.join(', ')}` : ''}; choose another model`,
  );
  return [...SMALL_FILES, weights].flatMap((path) => available.get(path) ?? []);
}

export function fileNamed(path: string, available: ReadonlyMap<string, HubFile>, name: string): HubFile {
  const file = available.get(path);
  const some = [...available.keys()].slice(0, 5).join(', ');
  ensure(file, `${name} has no file ${path}; it has ${available.size}${some && `, such as ${some}`}`);
  return file;
}
