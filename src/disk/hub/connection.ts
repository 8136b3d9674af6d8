import { setTimeout } from 'node:timers/promises';
import * as v from 'valibot';
import { brokenConnection, notTheHub, refusal, TemporaryFailure } from './failures.ts';
import type { HubSettings } from './settings.ts';

/** The longest pause in seconds: the window in which the hub's limits count requests. */
const LONGEST_WAIT = 300;
/** The longest pause in seconds that the server did not ask for. */
const LONGEST_BACKOFF = 30;

/** Requests to one hub: sends the token only there, retries after temporary failures, and reports errors in one sentence. */
export class HubConnection {
  readonly settings: HubSettings;
  /** Whether the hub has ever answered. If not, the address may be wrong, and waiting would not help. */
  #answered = false;

  constructor(settings: HubSettings) {
    this.settings = settings;
  }

  /**
   * Runs `work` until it succeeds, with growing pauses after each {@link TemporaryFailure}. `work` calls `progressed` when it has received something,
   * which resets the count of failures.
   *
   * @throws the last failure, any other error of `work` at once, and the reason of the signal when that is aborted
   */
  async retrying<T>(work: (progressed: () => void) => Promise<T>): Promise<T> {
    const { signal, onRetry, retries } = this.settings;
    let failures = 0;
    for (;;) {
      signal?.throwIfAborted();
      try {
        return await work(() => {
          failures = 0;
        });
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof TemporaryFailure) || (error.unreachable && !this.#answered)) throw error;
        failures++;
        const seconds = error.wait ?? Math.min(LONGEST_BACKOFF, retries.firstDelay * 2 ** (failures - 1));
        if (failures >= retries.attempts || seconds > LONGEST_WAIT) throw error;
        onRetry?.({ problem: error.message, seconds });
        await setTimeout(seconds * 1000, undefined, { signal }).catch(() => signal?.throwIfAborted());
      }
    }
  }

  /**
   * Makes one request and follows redirects. Only the hub gets the token: `fetch` itself removes it when a redirect leads to another host, such
   * as the network that serves large files.
   *
   * @param what names the requested thing in error messages
   */
  async request(
    url: string,
    what: string,
    headers: Record<string, string> = {},
    signal = this.settings.signal,
  ): Promise<Response> {
    const { endpoint, token, host } = this.settings;
    const all = new Headers(headers);
    all.set('user-agent', 'tsgpt');
    if (token !== '' && new URL(url).origin === new URL(endpoint).origin) all.set('authorization', `Bearer ${token}`);
    const response = await fetch(url, { headers: all, signal }).catch((error: unknown) => {
      if (signal?.aborted) throw signal.reason;
      throw brokenConnection(error, what, host);
    });
    this.#answered = true;
    if (response.ok) return response;
    const error = refusal(response, what, this.settings);
    await response.body?.cancel().catch(() => {});
    throw error;
  }

  /**
   * A `fetch` for the hub's small JSON answers: it returns an answer once it has arrived completely.
   *
   * @param shape the fields that answers must have
   */
  fetchJson(shape: v.GenericSchema): typeof fetch {
    const { endpoint, host, name } = this.settings;
    const what = `the list of the files of ${name}`;
    return async (input) => {
      // A mirror passes on the hub's answers, so the address of a list's next page is the hub's.
      const url = String(input).replace(/^https:\/\/huggingface\.co(?=\/)/, endpoint);
      return this.retrying(async () => {
        const [text, { headers }] = await StallTimer.during(this.settings, async ({ signal }) => {
          const response = await this.request(url, what, { accept: 'application/json' }, signal);
          const text = await response.text().catch((error: unknown) => {
            if (signal.aborted) throw signal.reason;
            throw brokenConnection(error, what, host);
          });
          return [text, response] as const;
        });
        if (!v.is(v.pipe(v.string(), v.parseJson(), shape), text)) throw notTheHub(endpoint);
        return new Response(text, { headers });
      });
    };
  }
}

/** Aborts a transfer when nothing arrives any more or the user stops it. */
export class StallTimer {
  readonly signal: AbortSignal;
  readonly #stalled = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor({ signal, host, retries }: HubSettings) {
    this.signal = signal ? AbortSignal.any([signal, this.#stalled.signal]) : this.#stalled.signal;
    const message = `${host} has sent nothing for ${retries.timeout} seconds; check the network and try again; the download then continues where it stopped`;
    this.#timer = globalThis.setTimeout(
      () => this.#stalled.abort(new TemporaryFailure(message)),
      retries.timeout * 1000,
    );
  }

  /** Restarts the timer, because something arrived. */
  touch(): void {
    this.#timer.refresh();
  }

  /** Runs a transfer with a timer, which ends with it. */
  static async during<T>(settings: HubSettings, transfer: (stall: StallTimer) => Promise<T>): Promise<T> {
    const stall = new StallTimer(settings);
    try {
      return await transfer(stall);
    } finally {
      clearTimeout(stall.#timer);
    }
  }
}
