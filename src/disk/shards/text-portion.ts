import type { DocumentPart } from '../../text/document-parts.ts';
import type { TokenIds } from '../../text/encode-text.ts';
import type { SplitName } from './manifest.ts';

/** A part of a document, and where it belongs. */
export interface PortionPart extends DocumentPart {
  readonly split: SplitName;
  /** Whether the document begins with it. */
  readonly isBeginning: boolean;
  /** Which document it is, for messages: `document 17 of a.jsonl`. */
  readonly place: string;
}

/** Text that a thread encodes at once. */
export interface TextPortion {
  readonly parts: readonly PortionPart[];
}

/** The tokens of one split in a portion, and the places among them where documents begin. */
export interface SplitTokens {
  readonly ids: TokenIds;
  readonly documentStarts: number[];
}

/** The tokens of a portion, or why a document has none. */
export type EncodedPortion = Record<SplitName, SplitTokens> | { readonly problem: string };
