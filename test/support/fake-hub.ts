import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request, and how many bytes of a file the answer had. */
export interface Logged {
  readonly server: 'hub' | 'cdn';
  readonly path: string;
  readonly range: string | undefined;
  readonly token: string | undefined;
  bytes: number;
}

export interface FakeModel {
  /** The commit of main. */
  commit: string;
  /** Contents of every file; .safetensors and .bin are kept outside git, as large files are. */
  files: Record<string, Buffer>;
  gated?: boolean;
  /** Shown only to this token. */
  private?: string;
}

/** Answers instead of the server, or gives false to let it answer. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => boolean | undefined;

export const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
/** What `git hash-object` prints. */
export const gitSha1 = (data: Buffer): string =>
  createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex');
export const isLarge = (path: string): boolean => /\.(safetensors|bin)$/.test(path);
export const etagOf = (path: string, data: Buffer): string => (isLarge(path) ? sha256(data) : gitSha1(data));

/**
 * A server that answers as huggingface.co does, as far as models are downloaded from it: the information on a revision, the
 * list of files in pages, files that are redirected (within the hub for small ones, to another host for large ones), ranges,
 * and errors with `X-Error-Code`.
 */
export class FakeHub {
  readonly models = new Map<string, FakeModel>();
  /** Names that models had before. */
  readonly renamed = new Map<string, string>();
  readonly log: Logged[] = [];
  /** Tried on each request to either server, in turn; one that answers is used up. */
  readonly faults: Fault[] = [];
  /** Entries on a page of the list of files. */
  pageSize = 4;
  ranges = true;
  readonly #hub = createServer((request, response) => this.#serve('hub', request, response));
  readonly #cdn = createServer((request, response) => this.#serve('cdn', request, response));

  async start(): Promise<void> {
    for (const server of [this.#hub, this.#cdn]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
  }

  async stop(): Promise<void> {
    for (const server of [this.#hub, this.#cdn]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  get endpoint(): string {
    return address(this.#hub);
  }

  /** Bytes of files sent since the log was emptied. */
  get bytesSent(): number {
    return this.log.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Requests of a file's contents. */
  requestsOf(path: string): Logged[] {
    const large = [...this.models.values()].map(({ files }) => files[path]).find(Boolean);
    const name = large && isLarge(path) ? `/${sha256(large)}` : `/${path}`;
    return this.log.filter((request) => request.path.endsWith(name));
  }

  /** Lets `fault` answer the next request whose address matches. */
  failOnce(address: RegExp, fault: (response: ServerResponse, request: IncomingMessage) => void): void {
    const once: Fault = (request, response) => {
      if (!address.test(request.url ?? '')) return false;
      fault(response, request);
      return true;
    };
    this.faults.push(once);
  }

  #serve(server: 'hub' | 'cdn', request: IncomingMessage, response: ServerResponse): ServerResponse {
    const url = new URL(request.url ?? '', 'http://x');
    const token = request.headers.authorization?.replace('Bearer ', '');
    const logged = { server, path: url.pathname, range: request.headers.range, token, bytes: 0 };
    this.log.push(logged);
    const fault = this.faults.findIndex((fault) => fault(request, response));
    if (fault >= 0) {
      this.faults.splice(fault, 1);
      return response;
    }
    if (server === 'cdn') return this.#blob(url, request, response, logged);
    const parts = decodeURIComponent(url.pathname);
    const [, api, old, rest] =
      /^(\/api\/models)?\/([^/]+\/[^/]+|[^/]+)\/((?:revision|tree|resolve|cache)\/.*)$/.exec(parts) ?? [];
    if (!old || !rest) return error(response, 400, '');
    const name = this.renamed.get(old);
    if (name) {
      return redirect(response, 307, `${api ?? ''}/${name}/${rest}${url.search}`);
    }
    const model = this.models.get(old);
    if (!model || (model.private && model.private !== token)) {
      return error(response, token ? 404 : 401, 'RepoNotFound', 'Invalid username or password.');
    }
    const [, kind, revision = '', path = ''] = /^(revision|tree|resolve|cache)\/([^/]+)\/?(.*)$/.exec(rest) ?? [];
    if (revision !== 'main' && revision !== model.commit) return error(response, 404, 'RevisionNotFound');
    response.setHeader('x-repo-commit', model.commit);
    if (kind === 'revision') return json(response, { _id: '1', id: old, sha: model.commit, private: false });
    if (kind === 'tree') return this.#tree(url, old, model, response);
    if (model.gated) return error(response, token ? 403 : 401, 'GatedRepo', `Access to model ${old} is restricted.`);
    const data = model.files[path];
    if (!data) return error(response, 404, 'EntryNotFound', 'Entry not found');
    if (isLarge(path)) {
      response.setHeader('x-linked-etag', `"${sha256(data)}"`);
      response.setHeader('x-linked-size', data.length);
      return redirect(response, 302, `${address(this.#cdn)}/blobs/${sha256(data)}?signature=1`);
    }
    if (kind === 'resolve') return redirect(response, 307, `/${old}/cache/${revision}/${path}`);
    response.setHeader('etag', `"${gitSha1(data)}"`);
    return send(response, request, data, this.ranges, logged);
  }

  #tree(url: URL, name: string, { files, commit }: FakeModel, response: ServerResponse): ServerResponse {
    const recursive = url.searchParams.get('recursive') === 'true';
    const entries = Object.entries(files)
      .filter(([path]) => recursive || !path.includes('/'))
      .map(([path, data]) => ({
        type: 'file',
        path,
        size: data.length,
        oid: isLarge(path) ? gitSha1(Buffer.from(sha256(data))) : gitSha1(data),
        ...(isLarge(path) && {
          lfs: { oid: sha256(data), size: data.length, pointerSize: 134 },
          xetHash: sha256(data),
        }),
      }));
    const folders = recursive ? [] : [{ type: 'directory', path: 'onnx', size: 0, oid: '0'.repeat(40) }];
    const all = [...folders, ...entries];
    const from = Number(url.searchParams.get('cursor') ?? 0);
    const to = from + this.pageSize;
    if (to < all.length) {
      const next = `${this.endpoint}/api/models/${name}/tree/${commit}?recursive=${recursive}&cursor=${to}`;
      response.setHeader('link', `<${next}>; rel="next"`);
    }
    return json(response, all.slice(from, to));
  }

  #blob(url: URL, request: IncomingMessage, response: ServerResponse, logged: Logged): ServerResponse {
    const all = [...this.models.values()].flatMap(({ files }) => Object.values(files));
    const data = all.find((data) => url.pathname === `/blobs/${sha256(data)}`);
    if (!data) return error(response, 403, '');
    response.setHeader('etag', `"${sha256(data)}"`);
    return send(response, request, data, this.ranges, logged);
  }
}

function address(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function json(response: ServerResponse, value: unknown): ServerResponse {
  return response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
}

function error(response: ServerResponse, status: number, code: string, message = ''): ServerResponse {
  const headers = { ...(code && { 'x-error-code': code }), ...(message && { 'x-error-message': message }) };
  return response.writeHead(status, headers).end(message);
}

function redirect(response: ServerResponse, status: number, location: string): ServerResponse {
  return response.writeHead(status, { location }).end();
}

/** A file or the range of it that is asked for. */
function send(
  response: ServerResponse,
  request: IncomingMessage,
  data: Buffer,
  ranges: boolean,
  logged: Logged,
): ServerResponse {
  const [asked, from, to] = /^bytes=(\d+)-(\d*)$/.exec((ranges && request.headers.range) || '') ?? [];
  const start = Number(from ?? 0);
  if (asked && start >= data.length) {
    return response.writeHead(416, { 'content-range': `bytes */${data.length}` }).end();
  }
  const part = data.subarray(start, to ? Number(to) + 1 : data.length);
  if (asked) response.setHeader('content-range', `bytes ${start}-${start + part.length - 1}/${data.length}`);
  response.writeHead(asked ? 206 : 200, { 'content-length': part.length, 'accept-ranges': 'bytes' });
  logged.bytes = part.length;
  return response.end(part);
}

/**
 * Begins to send a file and breaks the connection after some bytes of it.
 *
 * @param arrived how many bytes of the file the other side has; what it has not read is lost when the connection breaks
 * @param ranges false for a server that sends files from their beginning whatever is asked for
 */
export function cutAfter(data: Buffer, bytes: number, arrived?: () => number, ranges = true) {
  return (response: ServerResponse, request: IncomingMessage): void => {
    const start = ranges ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
    const part = data.subarray(start);
    if (start > 0) response.setHeader('content-range', `bytes ${start}-${data.length - 1}/${data.length}`);
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': part.length });
    response.flushHeaders();
    if (bytes > 0) response.write(part.subarray(0, bytes));
    const cut = () => {
      if (arrived && arrived() < Math.min(data.length, start + bytes)) setTimeout(cut, 2);
      else response.socket?.destroy();
    };
    setTimeout(cut, 5);
  };
}
