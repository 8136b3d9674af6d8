import { ensure } from '../core/errors.ts';
import { ensureKind, ensureList } from '../core/kind.ts';
import type { Random } from '../random/random.ts';
import {
  documentStartsOf,
  EpochRows,
  MixedRows,
  type MixturePart,
  PackedRows,
  type Packing,
  RandomRows,
  RowBatches,
  type Rows,
  type TokenIds,
  type TokenSource,
  tokenSourceOf,
} from '../text/index.ts';
import { ensureTokenSource } from '../text/token-source.ts';

/** A source of tokens and how often its rows come in a mixture. */
export interface WeightedSource {
  source: TokenIds | TokenSource;
  /** In proportion to the weights of the others. */
  weight: number;
}

/** Tokens to learn from: in memory, on a disk, or a mixture of several sources. */
export type TrainingTokens = TokenIds | TokenSource | readonly WeightedSource[];

/** The tokens of a training text and of a separate validation text. */
export interface TrainingText {
  train: TrainingTokens;
  validation: TrainingTokens;
  /** The token between documents, which packing and separate documents need. Defaults to none. */
  endOfTextId?: number | undefined;
}

/**
 * The order in which tokens are learned. `random`: windows that begin at random positions. `epochs`: passes through all windows, each once a pass.
 * `packed`: passes through all documents, several in a row, of which none is cut that fits into a window.
 */
export const readingOrders = ['random', 'epochs', 'packed'] as const;
export type ReadingOrder = (typeof readingOrders)[number];

export interface TextStreamOptions {
  order: ReadingOrder;
  batchSize: number;
  windowLength: number;
  /** Whether attention keeps the documents of a row apart. */
  separateDocuments: boolean;
  readAhead: number;
  /** The token between documents. */
  endOfTextId?: number | undefined;
  /** The name of a text in memory, for messages. */
  name: string;
}

/** Batches of a text in the order that the options ask for. */
export function textStream(tokens: TrainingTokens, options: TextStreamOptions, random: Random): RowBatches {
  const { batchSize, windowLength, endOfTextId, readAhead, separateDocuments, order } = options;
  ensure(
    !separateDocuments || order === 'packed' || endOfTextId !== undefined,
    'documents cannot be kept apart without an end-of-text token between them; use a tokenizer that has one, or pack documents',
  );
  const streams = streamsOf(tokens, options, random);
  const rows = streams.length === 1 ? streams[0]!.rows : new MixedRows(streams, random);
  return new RowBatches(rows, { batchSize, windowLength, endOfTextId, readAhead, documentStarts: separateDocuments });
}

/** The number of tokens of all sources together. */
export function tokenCount(tokens: TrainingTokens): number {
  ensureTokens('tokenCount', 'a text', tokens);
  return isMixture(tokens) ? tokens.reduce((sum, { source }) => sum + source.length, 0) : tokens.length;
}

/** What a pass through a text takes. */
export interface PassSize {
  /** The rows of all passes together. */
  readonly rows: number;
  /** Of packed documents: how well they fit. */
  readonly packing?: Packing;
}

/** Counts the rows of `epochs` passes through a text. Packing reads where all its documents begin. */
export async function measurePasses(
  tokens: TrainingTokens,
  epochs: number,
  options: TextStreamOptions,
  random: Random,
  signal?: AbortSignal,
): Promise<PassSize> {
  let rows = 0;
  let packing: Packing | undefined;
  for (const { rows: stream } of streamsOf(tokens, options, random)) {
    if (stream instanceof EpochRows) rows += stream.rowsIn(epochs);
    if (!(stream instanceof PackedRows)) continue;
    const measured = await stream.measure(signal);
    packing = packing ? sumOf(packing, measured) : measured;
    rows += Math.ceil(epochs * measured.rows);
  }
  return { rows, ...(packing && { packing }) };
}

function sumOf(a: Packing, b: Packing): Packing {
  const names = Object.keys(a) as (keyof Packing)[];
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as unknown as Packing;
}

/** A stream of rows for each source. One of a mixture has random numbers of its own; a single source draws from `random` itself. */
function streamsOf(tokens: TrainingTokens, options: TextStreamOptions, random: Random): MixturePart[] {
  const sources = sourcesOf(tokens, options);
  return sources.map(({ source, weight }) => {
    return { rows: rowsOf(source, options, sources.length === 1 ? random : random.child()), weight };
  });
}

function sourcesOf(tokens: TrainingTokens, options: TextStreamOptions): { source: TokenSource; weight: number }[] {
  const weighted: readonly WeightedSource[] = isMixture(tokens) ? tokens : [{ source: tokens, weight: 1 }];
  return weighted.map(({ source, weight }) => ({ source: tokenSource(source, options), weight }));
}

function tokenSource(tokens: TokenIds | TokenSource, { name, order, endOfTextId }: TextStreamOptions): TokenSource {
  if ('read' in tokens) return tokens;
  const documentStarts = order === 'packed' ? documentStartsOf(tokens, endOfTextId) : undefined;
  return tokenSourceOf(tokens, { name, documentStarts });
}

/** Whether several sources are mixed. */
export const isMixture = (tokens: TrainingTokens): tokens is readonly WeightedSource[] => Array.isArray(tokens);

/** Throws a TsgptError unless these are tokens, or a mixture of some. */
export function ensureTokens(operation: string, what: string, tokens: TrainingTokens): void {
  if (isMixture(tokens)) {
    ensure(tokens.length > 0, () => `${operation}: the mixture of ${what} is empty; give it a source of tokens`);
    ensureList(operation, `the mixture of ${what}`, tokens, 'source', 'weight');
  }
  for (const source of isMixture(tokens) ? tokens.map(({ source }) => source) : [tokens]) {
    if (typeof source === 'object' && source !== null && 'read' in source) ensureTokenSource(operation, source);
    else ensureKind(operation, `token ids in a typed array for ${what}, as Uint16Array.from(ids)`, source, 'subarray');
  }
}

function rowsOf(source: TokenSource, options: TextStreamOptions, random: Random): Rows {
  const { windowLength, endOfTextId } = options;
  switch (options.order) {
    case 'random':
      return new RandomRows(source, windowLength, random);
    case 'epochs':
      return new EpochRows(source, windowLength, random);
    case 'packed':
      return new PackedRows(source, { windowLength, endOfTextId }, random);
  }
}
