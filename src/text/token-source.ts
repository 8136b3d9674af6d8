import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureCount, ensureFunction, ensureIds, ensureKind, ensureString } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import type { TokenIds } from './encode-text.ts';

/**
 * The token ids of documents, one after the other, read in pieces: in memory, or on a disk and then more than memory holds. Several reads may run at
 * once.
 */
export interface TokenSource {
  /** The name for messages. */
  readonly name: string;
  /** The number of tokens of all documents together, with the end-of-text tokens that end them. */
  readonly length: number;
  readonly documentCount: number;
  /**
   * The tokens from `start` on, `count` of them.
   *
   * @throws TsgptError if there are not so many, or they cannot be read
   */
  read(start: number, count: number): Promise<TokenIds>;
  /**
   * Where documents begin, from document number `first` on, `count` of them, in ascending order. A document's end-of-text token, if the tokenizer has
   * one, is its last token, so document i is everything from its start to the start of document i + 1, or to `length`.
   *
   * @throws TsgptError if there are not so many, or they cannot be read
   */
  documentStarts(first: number, count: number): Promise<Float64Array>;
}

export interface TokenSourceOptions {
  /** The name for messages. Defaults to 'the tokens'. */
  name?: string;
  /** Where each document begins, in ascending order, the first at 0. Defaults to one document. */
  documentStarts?: ArrayLike<number>;
}

const tokenSourceOptions: OptionNames<TokenSourceOptions> = { name: true, documentStarts: true };

/** Token ids in memory. `read` returns views of `ids`, not copies. */
export function tokenSourceOf(ids: TokenIds, options: TokenSourceOptions = {}): TokenSource {
  ensureKind('tokenSourceOf', 'token ids in a typed array, as Uint16Array.from(ids)', ids, 'subarray');
  const { name = 'the tokens', documentStarts = ids.length > 0 ? [0] : [] } = knownOptions(
    'tokenSourceOf',
    options,
    tokenSourceOptions,
  );
  ensureIds('tokenSourceOf', 'documentStarts', documentStarts);
  const starts = Float64Array.from(documentStarts);
  const isAscending = starts.every((start, i) => start > (i === 0 ? -1 : starts[i - 1]!) && start < ids.length);
  ensure(
    isAscending && starts.every(Number.isInteger) && (starts[0] ?? 0) === 0,
    () => `the starts of the documents of ${name} must ascend from 0 to less than ${ids.length}`,
  );
  return {
    name,
    length: ids.length,
    documentCount: starts.length,
    async read(start, count) {
      ensureRange(name, 'tokens', start, count, ids.length);
      return ids.subarray(start, start + count) as TokenIds;
    },
    async documentStarts(first, count) {
      ensureRange(name, 'documents', first, count, starts.length);
      return starts.slice(first, first + count);
    },
  };
}

/** Throws a TsgptError unless `source` is a source of tokens. */
export function ensureTokenSource(operation: string, source: TokenSource): void {
  const kind = 'a source of tokens, as from tokenSourceOf or openShards';
  ensureKind(operation, kind, source, 'name', 'length', 'documentCount', 'read', 'documentStarts');
  ensureString(operation, 'the name of a source of tokens', source.name);
  ensureCount(`${operation}: the length of a source of tokens`, source.length, 0);
  ensureCount(`${operation}: the documentCount of a source of tokens`, source.documentCount, 0);
  ensureFunction(operation, 'read of a source of tokens', source.read);
  ensureFunction(operation, 'documentStarts of a source of tokens', source.documentStarts);
}

/** Throws a TsgptError unless there are `count` things from `start` on. */
export function ensureRange(name: string, things: string, start: number, count: number, length: number): void {
  ensure(
    Number.isSafeInteger(start) && Number.isSafeInteger(count) && start >= 0 && count >= 0 && start + count <= length,
    () =>
      `${name} has ${length} ${things}, so ${describeValue(count)} from number ${describeValue(start)} on cannot be read`,
  );
}
