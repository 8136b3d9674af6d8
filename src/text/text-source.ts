import { ensureKind, ensureList, ensureString } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';

/** Text to train on or to evaluate: one document or several, read piece by piece. */
export interface TextSource {
  /** The name for messages: the file or folder that the source was opened from. */
  readonly path: string;
  /** The documents in reading order. */
  readonly documents: readonly TextDocument[];
  /** The size of all documents together, in bytes. */
  readonly bytes: number;
}

export interface TextDocument {
  readonly path: string;
  /** The size in bytes. */
  readonly bytes: number;
  /**
   * The text from the beginning, in chunks; all of it may be longer than a string can be. A chunk never ends inside a character. Throws the
   * signal's reason when `signal` is aborted.
   */
  chunks(signal?: AbortSignal): AsyncIterable<TextChunk>;
}

export interface TextChunk {
  readonly text: string;
  /** The number of bytes of the document that were read for it. */
  readonly bytes: number;
}

/** How much of a source has been read. */
export interface TextProgress {
  readonly bytesRead: number;
  readonly bytesTotal: number;
}

/** Options of everything that reads a whole source. */
export interface ReadOptions {
  /** Stops reading; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called after every chunk. */
  onProgress?: (progress: TextProgress) => void;
}

export interface TextSourceOptions {
  /** The name for messages. Defaults to 'the text'. */
  path?: string;
  /** How many 16-bit units of text a chunk has, about. Defaults to 2^20. */
  chunkLength?: number;
}

const textSourceOptions: OptionNames<TextSourceOptions> = { path: true, chunkLength: true };

export const readOptionNames: OptionNames<ReadOptions> = { signal: true, onProgress: true };

/** A source of one document in memory, read in chunks. */
export function textSourceOf(text: string, options: TextSourceOptions = {}): TextSource {
  ensureString('textSourceOf', 'the text', text);
  const { path = 'the text', chunkLength = 2 ** 20 } = knownOptions('textSourceOf', options, textSourceOptions);
  const utf8Length = (part: string) => new TextEncoder().encode(part).length;
  async function* chunks(signal?: AbortSignal) {
    for (let start = 0, end: number; start < text.length; start = end) {
      signal?.throwIfAborted();
      end = start + chunkLength;
      // Keep both halves of a surrogate pair together.
      if (text.codePointAt(end - 1)! > 0xffff) end++;
      const chunk = text.slice(start, end);
      yield { text: chunk, bytes: utf8Length(chunk) };
    }
  }
  const bytes = utf8Length(text);
  return { path, documents: [{ path, bytes, chunks }], bytes };
}

/** Throws a TsgptError unless `source` is a text in documents. */
export function ensureSource(operation: string, source: TextSource): void {
  ensureKind(operation, 'a text as from textSourceOf or openText', source, 'documents');
  ensureList(operation, 'the documents of a text', source.documents);
  for (const document of source.documents) ensureKind(operation, 'documents with chunks', document, 'chunks');
}

/** The documents of several sources as one, under the name `path`. */
export function joinedSource(sources: readonly TextSource[], path: string): TextSource {
  return {
    path,
    documents: sources.flatMap(({ documents }) => documents),
    bytes: sources.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Every chunk of `source`, in order, with the number of its document. Reports progress after each. */
export async function* readChunks(
  source: TextSource,
  { signal, onProgress }: ReadOptions = {},
): AsyncGenerator<{ text: string; document: number }> {
  ensureSource('read', source);
  let bytesRead = 0;
  for (const [document, { chunks }] of source.documents.entries()) {
    for await (const { text, bytes } of chunks(signal)) {
      yield { text, document };
      bytesRead += bytes;
      onProgress?.({ bytesRead, bytesTotal: source.bytes });
    }
  }
}
