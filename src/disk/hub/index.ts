/** Models from the Hugging Face hub, by name. */
import type { DownloadOptions } from './settings.ts';

export type { DownloadOptions, DownloadProgress, Retry, RetryPolicy } from './settings.ts';

/**
 * Downloads the files of a model that are not in the cache yet from the Hugging Face hub, and returns the model's folder.
 *
 * The folder contains the files needed to open the model: configuration, tokenizer, and weights in the safetensors format, in one file or in
 * shards. If the signal, a crash or a lost connection stops a download, the next call continues where it stopped. No file gets its name before
 * all its bytes are there and match the hub's hash.
 *
 *     const folder = await downloadModel('openai-community/gpt2', { onProgress: ({ bytes, total }) => ... });
 *
 * The cache is that of Hugging Face's own libraries (see `cache.ts` for its layout), so a model that Python has downloaded is not downloaded again.
 *
 * @param name such as `openai-community/gpt2`
 * @returns the folder of one commit of the model; its files are links into the cache: do not write to them
 * @throws TsgptError if there is no such model or revision, no access or no readable weights, if the hub is not reachable or too busy, if the disk is
 * full, or if offline and not in the cache; the signal's reason when aborted
 */
export async function downloadModel(name: string, options: DownloadOptions = {}): Promise<string> {
  // The hub's library takes 10 MB of memory, so it is loaded only for a download.
  const { downloadFromHub } = await import('./download-model.ts');
  return downloadFromHub(name, options);
}
