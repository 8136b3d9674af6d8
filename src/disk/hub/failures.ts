import { TsgptError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import type { HubSettings } from './settings.ts';

/** A failure that may pass: the request can be repeated. */
export class TemporaryFailure extends TsgptError {
  /** The number of seconds that the server asks to wait. */
  readonly wait: number | undefined;
  /** Whether there was no answer at all: the address is wrong, or there is no network. */
  readonly unreachable: boolean;

  constructor(message: string, details: { wait?: number; unreachable?: boolean; cause?: unknown } = {}) {
    super(message, { cause: details.cause });
    this.wait = details.wait;
    this.unreachable = details.unreachable ?? false;
  }
}

/**
 * The error for a response other than success, in one sentence.
 *
 * Without a token the hub answers 401 both for private models and for models that do not exist; the header `X-Error-Code` may say more.
 *
 * @param what the requested thing, such as a file's name
 */
export function refusal(
  response: Response,
  what: string,
  { name, revision, host, endpoint, token }: HubSettings,
): Error {
  const { status, headers } = response;
  const code = headers.get('x-error-code');
  const reason = printable(headers.get('x-error-message') ?? '');
  const page = `${endpoint}/${name}`;
  if (status === 429) return rateLimited(headers, host);
  if (status === 408 || status >= 500) {
    return new TemporaryFailure(`${host} answers with error ${status} when asked for ${what}; try again later`, {
      wait: secondsOf(headers.get('retry-after')),
    });
  }
  if (code === 'GatedRepo' && token === '') {
    return new TsgptError(
      `${name} is only for accounts that accepted its conditions; accept them at ${page} and give that account's token, as HF_TOKEN for example`,
    );
  }
  if (code === 'GatedRepo') {
    return new TsgptError(
      `${name} is only for accounts that accepted its conditions, and the token's account is not one of them; accept them at ${page}, or check the token's permissions`,
    );
  }
  if (status === 403) {
    const saying = reason && `, saying "${reason}"`;
    return new TsgptError(`${host} refuses ${what} of ${name}${saying}; see ${page} for the reason`);
  }
  if (code === 'RevisionNotFound') {
    return new TsgptError(`${name} has no revision ${revision}; give a branch, a tag or a commit listed at ${page}`);
  }
  if (code === 'EntryNotFound') return new TsgptError(`${name} no longer has ${what}; try again`);
  if (status === 401 && token !== '') {
    return new TsgptError(
      `${host} has no model ${name} that the given token may read; check the name and the token (HF_TOKEN, or the one stored at login)`,
    );
  }
  if (status === 401 || status === 404) {
    return new TsgptError(
      `${host} has no public model ${name}; check the name, and give a token, as HF_TOKEN for example, if it is private`,
    );
  }
  return new TsgptError(`${host} answers with error ${status} when asked for ${what}; check the address ${endpoint}`);
}

/** The hub limits requests per window of five minutes, and says when the window ends. */
function rateLimited(headers: Headers, host: string): TemporaryFailure {
  const wait = secondsOf(headers.get('retry-after')) ?? secondsOf(/;t=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);
  const until = wait === undefined ? '' : ` for ${Math.ceil(wait)} seconds`;
  return new TemporaryFailure(
    `${host} answers no more requests${until} because there were too many; try again later, or with a token (HF_TOKEN), which raises the limit`,
    { wait },
  );
}

/** `Retry-After` is a number of seconds or a date. */
function secondsOf(value: string | null | undefined): number | undefined {
  if (!value) return undefined;
  const seconds = /^\d+$/.test(value.trim()) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

/** The error for an answer from another server, or from a network that asks for a login first. */
export function notTheHub(endpoint: string, cause?: unknown): TsgptError {
  return new TsgptError(`${endpoint} does not answer like the Hugging Face hub; check the address`, { cause });
}

/** The error for an exception of `fetch`, or of reading a response's body. */
export function brokenConnection(error: unknown, what: string, hub: string): Error {
  const cause = (error as Error).cause as (NodeJS.ErrnoException & { hostname?: string }) | undefined;
  const code = cause?.code ?? '';
  const host = cause?.hostname ?? hub; // the hub, or the host that it redirected to
  if (/CERT|TLS|SSL|SELF_SIGNED/.test(code)) {
    return new TsgptError(
      `the connection to ${host} is not trusted (${code}); check the address and the clock of this computer, or name your network's certificate in NODE_EXTRA_CA_CERTS`,
      { cause: error },
    );
  }
  if (/^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENETDOWN|UND_ERR_CONNECT_TIMEOUT)$/.test(code)) {
    return new TemporaryFailure(`${host} cannot be reached (${code}); check the network and the address`, {
      unreachable: true,
      cause: error,
    });
  }
  return new TemporaryFailure(
    `the connection to ${host} broke while ${what} was being downloaded; check the network and try again; the download then continues where it stopped`,
    { cause: error },
  );
}
