/** Models from the Hugging Face hub, by name. */
export { downloadModel } from './download-model.ts';
export type { DownloadOptions, DownloadProgress, Retry, RetryPolicy } from './settings.ts';
