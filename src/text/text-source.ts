/** Text to train on or to evaluate: one document or several, read piece by piece. */
export interface TextSource {
  /** What the source is called in messages: the file or folder it was opened from. */
  readonly path: string;
  /** The documents in the order in which they are read. */
  readonly documents: readonly TextDocument[];
  /** The size of all documents together, in bytes. */
  readonly bytes: number;
}

export interface TextDocument {
  readonly path: string;
  /** The size in bytes. */
  readonly bytes: number;
  /**
   * The text from the beginning, in chunks that together may be longer than a string can be. A character is never
   * spread over two chunks. Stops with the signal's reason when `signal` is aborted.
   */
  chunks(signal?: AbortSignal): AsyncIterable<TextChunk>;
}

export interface TextChunk {
  readonly text: string;
  /** How many of the document's bytes were read for it. */
  readonly bytes: number;
}

/** How far reading a source has come. */
export interface TextProgress {
  readonly bytesRead: number;
  readonly bytesTotal: number;
}

/** What may be passed to anything that reads a whole source. */
export interface ReadOptions {
  /** Stops reading; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called after every chunk. */
  onProgress?: (progress: TextProgress) => void;
}

/** A source of one document that is in memory already. It is read in chunks of about `chunkLength` 16-bit units. */
export function textSourceOf(text: string, { path = 'the text', chunkLength = 2 ** 20 } = {}): TextSource {
  const utf8Length = (part: string) => new TextEncoder().encode(part).length;
  async function* chunks(signal?: AbortSignal) {
    for (let start = 0, end: number; start < text.length; start = end) {
      signal?.throwIfAborted();
      end = start + chunkLength;
      // Take the second half of a surrogate pair along with its first.
      if (text.codePointAt(end - 1)! > 0xffff) end++;
      const chunk = text.slice(start, end);
      yield { text: chunk, bytes: utf8Length(chunk) };
    }
  }
  const bytes = utf8Length(text);
  return { path, documents: [{ path, bytes, chunks }], bytes };
}

/** Every chunk of `source`, in order, with the number of its document. Reports progress after each. */
export async function* readChunks(
  source: TextSource,
  { signal, onProgress }: ReadOptions = {},
): AsyncGenerator<{ text: string; document: number }> {
  let bytesRead = 0;
  for (const [document, { chunks }] of source.documents.entries()) {
    for await (const { text, bytes } of chunks(signal)) {
      yield { text, document };
      bytesRead += bytes;
      onProgress?.({ bytesRead, bytesTotal: source.bytes });
    }
  }
}
