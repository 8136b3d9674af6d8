/** A document, or the next part of one that is too long to be read at once. */
export interface DocumentPiece {
  readonly text: string;
  /** Whether the document ends with it. */
  readonly isEnd: boolean;
}

/** How the documents of a file are read. */
export interface DocumentOptions {
  /** The field or column that holds the text. A dot leads into an object within: `meta.text`. */
  readonly field: string;
  readonly encoding?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** So many documents at the beginning are left out. */
  readonly skip: number;
  /** Called with the number of bytes that have been read. */
  readonly onBytes: (bytes: number) => void;
}
