import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { getRepoFolderName } from '@huggingface/hub';
import { ensure } from '../../core/errors.ts';
import { INDEX_FILE, parseSafetensorsIndex, WEIGHTS_FILE } from '../../formats/safetensors/sharded.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { createFolders } from '../make-folder.ts';
import { cannotWrite } from './disk.ts';
import type { HubFile } from './model-files.ts';
import type { HubSettings } from './settings.ts';

/**
 * One model in the cache that all Hugging Face libraries share:
 *
 *     models--openai-community--gpt2/
 *       refs/main                               the commit that a branch or tag stood for when it was last asked for
 *       snapshots/607a30d7.../config.json       -> ../../blobs/10c66461e4c109db5a2196bff4bb59be30396ed8
 *       blobs/10c66461...                       a file under its hash, shared by all commits that have it
 *       blobs/248dfc39....incomplete            the part of a file that has arrived
 *
 * Source: https://huggingface.co/docs/hub/local-cache
 */
export class CachedModel {
  readonly #settings: HubSettings;
  readonly #folder: string;

  constructor(settings: HubSettings) {
    this.#settings = settings;
    this.#folder = join(settings.cacheFolder, getRepoFolderName({ type: 'model', name: settings.name }));
  }

  /** The folder of a commit: the downloaded files of the model's repository at that commit. */
  snapshot(commit: string): string {
    return join(this.#folder, 'snapshots', commit);
  }

  blob(file: HubFile): string {
    return join(this.#folder, 'blobs', file.etag);
  }

  /** Whether a file is there. Links it into the snapshot if it came with another commit; deletes a file of another size. */
  async has(file: HubFile, commit: string): Promise<boolean> {
    const path = join(this.snapshot(commit), file.path);
    if ((await sizeOf(path)) === file.size) return true;
    const size = await sizeOf(this.blob(file));
    if (size !== file.size) {
      // Delete only a file that was seen: another process may be about to put one there.
      if (size !== undefined) await rm(this.blob(file), { force: true }).catch(cannotWrite(this.blob(file)));
      return false;
    }
    await this.link(file, commit);
    return true;
  }

  /** Bytes of a file that have arrived. */
  async arrived(file: HubFile): Promise<number> {
    return Math.min(file.size, (await sizeOf(`${this.blob(file)}.incomplete`)) ?? 0);
  }

  /**
   * Gives a complete blob its name in the snapshot, as a relative link, which survives moving the cache. Windows forbids links to most users;
   * there the file itself is moved, as in the other libraries.
   */
  async link(file: HubFile, commit: string): Promise<void> {
    const path = join(this.snapshot(commit), file.path);
    await createFolders(dirname(path)).catch(cannotWrite(path));
    // Replaces an existing file in one step, so that another process always finds one or the other.
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    const isLink = await symlink(relative(dirname(path), this.blob(file)), temporary).then(
      () => true,
      () => false,
    );
    await rename(isLink ? temporary : this.blob(file), path).catch(cannotWrite(path));
  }

  /** Records the commit of the revision once every file is there: until then the previous commit stays valid. */
  async setCommit(commit: string): Promise<void> {
    const path = join(this.#folder, 'refs', this.#settings.revision);
    if (isCommit(this.#settings.revision) || (await this.commit()) === commit) return;
    await createFolders(dirname(path)).catch(cannotWrite(path));
    await writeFileAtomic(path, commit);
  }

  /** The commit of the revision when it was last downloaded. */
  async commit(): Promise<string | undefined> {
    const { revision } = this.#settings;
    if (isCommit(revision)) return revision;
    const text = await readFile(join(this.#folder, 'refs', revision), 'utf8').catch(() => '');
    return isCommit(text.trim()) ? text.trim() : undefined;
  }

  /**
   * The folder of the model as it was last downloaded, without using the network.
   *
   * It is not known which optional files the model has. Its configuration and all its weights are enough: {@link downloadModel} downloads
   * weights last.
   *
   * @throws TsgptError if it is not completely in the cache
   */
  async findOffline(): Promise<string> {
    const { name, revision, files } = this.#settings;
    const commit = await this.commit();
    const where = `the cache ${this.#settings.cacheFolder}`;
    const advice = 'download it once with a network';
    ensure(
      commit && (await exists(this.snapshot(commit))),
      `${name} (${revision}) is not in ${where}, and the network may not be used (offline); ${advice}`,
    );
    const folder = this.snapshot(commit);
    for (const file of files ?? (await neededFiles(folder))) {
      ensure(
        await exists(join(folder, file)),
        `${name} (${revision}) is incomplete in ${where}: ${file} is missing, and the network may not be used (offline); ${advice}`,
      );
    }
    return folder;
  }
}

/** The files that a model needs: its configuration, and its weights as one file or as an index and its shards. */
async function neededFiles(folder: string): Promise<readonly string[]> {
  if ((await exists(join(folder, WEIGHTS_FILE))) || !(await exists(join(folder, INDEX_FILE)))) {
    return ['config.json', WEIGHTS_FILE];
  }
  return ['config.json', ...(await shardsIn(folder))];
}

/** The shards that the index in a folder names. */
export async function shardsIn(folder: string): Promise<readonly string[]> {
  const path = join(folder, INDEX_FILE);
  return [...new Set(parseSafetensorsIndex(await readFile(path, 'utf8'), path).values())];
}

function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}

async function exists(path: string): Promise<boolean> {
  return (await sizeOf(path)) !== undefined;
}
