import { statfs } from 'node:fs/promises';
import { ensure, TsgptError } from '../../core/errors.ts';
import { INDEX_FILE } from '../../formats/safetensors/sharded.ts';
import { createFolders } from '../make-folder.ts';
import { CachedModel, shardsIn } from './cache.ts';
import { HubConnection } from './connection.ts';
import { cannotWrite } from './disk.ts';
import { downloadFile } from './download-file.ts';
import { TemporaryFailure } from './failures.ts';
import { chooseFiles, fileNamed, findCommit, type HubFile, listModelFiles } from './model-files.ts';
import { type DownloadOptions, type HubSettings, resolveSettings } from './settings.ts';

/** {@link downloadModel}, with the hub's library. */
export async function downloadFromHub(name: string, options: DownloadOptions = {}): Promise<string> {
  const settings = resolveSettings(name, options);
  const cache = new CachedModel(settings);
  if (settings.offline) return cache.findOffline();
  try {
    return await download(settings, cache);
  } catch (error) {
    // If the network fails, mention that the cache has the model.
    if (!(error instanceof TemporaryFailure) || !(await cache.findOffline().catch(() => undefined))) throw error;
    const message = `${error.message}, or use the model in the cache (option offline, or HF_HUB_OFFLINE=1)`;
    throw new TsgptError(message, { cause: error });
  }
}

async function download(settings: HubSettings, cache: CachedModel): Promise<string> {
  const { name, cacheFolder, files, onProgress } = settings;
  await createFolders(cacheFolder).catch(cannotWrite(cacheFolder));
  const connection = new HubConnection(settings);
  const commit = await findCommit(connection);
  const isNested = (path: string) => path.includes('/');
  const available = await listModelFiles(connection, commit, files?.some(isNested));
  const chosen = [...chooseFiles(available, name, files)];

  const fetch = async (file: HubFile, onBytes: (bytes: number) => void) => {
    if (await cache.has(file, commit)) return;
    await downloadFile(connection, commit, file, cache.blob(file), onBytes);
    await cache.link(file, commit);
  };
  const index = files ? undefined : chosen.find(({ path }) => path === INDEX_FILE);
  if (index) {
    await fetch(index, () => {}); // it tells which shards there are, and so the size of the download
    const shards = await shardsIn(cache.snapshot(commit));
    const listed = shards.some(isNested) ? await listModelFiles(connection, commit, true) : available;
    chosen.push(...shards.map((shard) => fileNamed(shard, listed, name)));
  }

  const total = chosen.reduce((sum, { size }) => sum + size, 0);
  const present = new Map<HubFile, number>();
  for (const file of chosen) present.set(file, (await cache.has(file, commit)) ? file.size : await cache.arrived(file));
  const bytes = () => [...present.values()].reduce((sum, size) => sum + size, 0);
  await checkSpace(settings, total - bytes());

  for (const file of chosen) {
    const report = (size: number) => {
      present.set(file, size);
      onProgress?.({ file: file.path, bytes: bytes(), total });
    };
    await fetch(file, report);
    report(file.size);
  }
  // A few files are not the whole model: an earlier complete download must still be found.
  if (!files || (await cache.commit()) === undefined) await cache.setCommit(commit);
  return cache.snapshot(commit);
}

/** Checks for enough disk space before the download, not after an hour. */
async function checkSpace({ cacheFolder, name }: HubSettings, bytes: number): Promise<void> {
  const disk = await statfs(cacheFolder).catch(() => undefined);
  if (!disk?.blocks) return; // some file systems do not report it
  const free = disk.bavail * disk.bsize;
  const megabytes = (size: number) => `${Math.ceil(size / 1e6)} MB`;
  ensure(
    bytes <= free,
    `${name} needs ${megabytes(bytes)} more in ${cacheFolder}, but only ${megabytes(free)} are free; free some space, or choose another cache folder (HF_HUB_CACHE)`,
  );
}
