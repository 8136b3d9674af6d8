import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { getHFHubCachePath } from '@huggingface/hub';
import { ensure } from '../../core/errors.ts';
import { ensureString, ensureTexts } from '../../core/kind.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import { printable } from '../../core/printable.ts';

/** Options of {@link downloadModel}. Their defaults are those of Hugging Face's own tools, with the same environment variables. */
export interface DownloadOptions {
  /** A branch, a tag or a commit. Defaults to `main`. */
  revision?: string;
  /** The folder for models, shared with Python. Defaults to `HF_HUB_CACHE`, else `HF_HOME`/hub, else ~/.cache/huggingface/hub. */
  cacheFolder?: string;
  /** The token for private and gated models; '' sends none. Defaults to `HF_TOKEN`, else the one stored by `hf auth login`. */
  token?: string;
  /** The hub's address. Defaults to `HF_ENDPOINT`, else https://huggingface.co. */
  endpoint?: string;
  /** Whether to use only the cache, not the network. Defaults to whether `HF_HUB_OFFLINE` is 1, ON, YES or TRUE. */
  offline?: boolean;
  /** Exactly these files. Defaults to those needed to open the model. */
  files?: readonly string[];
  /** Stops the download; the bytes that have arrived are kept, and the next call continues from there. */
  signal?: AbortSignal;
  onProgress?: (progress: DownloadProgress) => void;
  /** Called before every pause after which a request is repeated. */
  onRetry?: (retry: Retry) => void;
  /** When to retry and when to give up. Defaults as in {@link RetryPolicy}. */
  retries?: Partial<RetryPolicy>;
}

const downloadOptions: OptionNames<DownloadOptions> = {
  ...{ revision: true, cacheFolder: true, token: true, endpoint: true, offline: true },
  ...{ files: true, signal: true, onProgress: true, onRetry: true, retries: true },
};

/** The progress of a download. Files already in the cache count as downloaded. */
export interface DownloadProgress {
  /** The file that is being downloaded. */
  readonly file: string;
  /** Bytes present, of all files together. Falls when a damaged file is started again. */
  readonly bytes: number;
  /** Bytes of all files together. */
  readonly total: number;
}

export interface Retry {
  /** What went wrong, in one sentence. */
  readonly problem: string;
  /** The pause before the next attempt. */
  readonly seconds: number;
}

export interface RetryPolicy {
  /** The number of attempts without a single byte after which to give up. Defaults to 5. */
  readonly attempts: number;
  /** Seconds before the second attempt; the pause doubles each time, up to 30. Defaults to 1. */
  readonly firstDelay: number;
  /** Seconds without a byte after which a connection counts as broken. Defaults to 30. */
  readonly timeout: number;
}

const retryOptions: OptionNames<RetryPolicy> = { attempts: true, firstDelay: true, timeout: true };

/** {@link DownloadOptions} with all defaults filled in. */
export interface HubSettings extends Omit<DownloadOptions, 'offline'> {
  /** Such as `openai-community/gpt2`. */
  readonly name: string;
  readonly revision: string;
  readonly cacheFolder: string;
  /** The token; empty for none. */
  readonly token: string;
  /** The hub's address, without a final slash. */
  readonly endpoint: string;
  /** The endpoint's host, for error messages. */
  readonly host: string;
  readonly offline: boolean;
  readonly retries: RetryPolicy;
}

/** @throws TsgptError if the name, the revision or the endpoint is invalid */
export function resolveSettings(name: string, options: DownloadOptions = {}): HubSettings {
  const {
    revision = 'main',
    cacheFolder = getHFHubCachePath(),
    offline = isTrue(process.env.HF_HUB_OFFLINE),
  } = knownOptions('downloadModel', options, downloadOptions);
  const { token = storedToken(), endpoint = process.env.HF_ENDPOINT || 'https://huggingface.co' } = options;
  const texts = { 'the name of a model': name, revision, cacheFolder, token, endpoint };
  for (const [what, text] of Object.entries(texts)) ensureString('downloadModel', what, text);
  if (options.files !== undefined) ensureTexts('downloadModel', 'files', options.files);
  ensure(
    isModelName(name),
    `"${printable(name)}" is not the name of a model on the Hugging Face hub; give it as organisation/model, such as openai-community/gpt2`,
  );
  ensure(
    isRevision(revision),
    `"${printable(revision)}" is not a revision of a model on the Hugging Face hub; give a branch, a tag or a commit, such as main`,
  );
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  ensure(
    url && /^https?:$/.test(url.protocol),
    `"${printable(endpoint)}" is not the address of a hub; give one such as https://huggingface.co (option endpoint, or HF_ENDPOINT)`,
  );
  for (const file of options.files ?? []) {
    ensure(
      !/^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.?([/\\]|$)|\0/.test(file) && file !== '',
      `"${printable(file)}" is not a file of a model; give its path in the repository, such as config.json`,
    );
  }
  ensure(/^[\x21-\x7e]*$/.test(token), 'the token contains an invalid character; copy it again');
  return {
    ...options,
    name,
    revision,
    cacheFolder: resolve(cacheFolder.replace(/^~(?=$|[/\\])/, homedir())),
    token,
    endpoint: endpoint.replace(/\/+$/, ''),
    host: url.host,
    offline,
    retries: {
      attempts: 5,
      firstDelay: 1,
      timeout: 30,
      ...knownOptions('retries', options.retries ?? {}, retryOptions),
    },
  };
}

/** The hub's own rules: one or two parts of letters, digits, `-`, `_` and `.`; `--` stands for the slash in cache folders. */
function isModelName(name: string): boolean {
  const parts = name.split('/');
  const isPart = (part: string) => /^\w([\w.-]{0,94}\w)?$/.test(part) && !/--|\.\./.test(part);
  return parts.length <= 2 && parts.every(isPart) && !name.endsWith('.git');
}

/** Git allows more, but other names would be odd file names in the cache, or paths outside it. */
function isRevision(revision: string): boolean {
  return /^\w[\w.+@-]*(\/\w[\w.+@-]*)*$/.test(revision) && !revision.includes('..');
}

function isTrue(value: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(value ?? '');
}

/** The token in the environment, else the one that Hugging Face's command line stored at login, else none. */
function storedToken(): string {
  const { HF_TOKEN, HF_TOKEN_PATH, HF_HOME, XDG_CACHE_HOME } = process.env;
  if (HF_TOKEN !== undefined) return HF_TOKEN.trim();
  const home = HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'huggingface');
  try {
    return readFileSync(HF_TOKEN_PATH ?? join(home, 'token'), 'utf8').trim();
  } catch {
    return ''; // never logged in
  }
}
