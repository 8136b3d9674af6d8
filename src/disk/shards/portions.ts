import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { DocumentCutter, type DocumentPart } from '../../text/document-parts.ts';
import type { EncodeOptions, Tokenizer } from '../../tokenizer/index.ts';
import type { DataFile } from '../documents/data-files.ts';
import { standardInput } from '../documents/read-bytes.ts';
import { readDocuments } from '../documents/read-documents.ts';
import type { SplitName } from './manifest.ts';
import type { PortionPart, TextPortion } from './text-portion.ts';

const countSchema = v.pipe(v.number(), v.integer(), v.minValue(0));

export const positionSchema = v.object({
  /** The number of the file, and of the document in it. */
  file: countSchema,
  document: countSchema,
  /** How much of that document comes before: 16-bit units of text, the spaces that the tokenizer has put before it, and its split. */
  offset: countSchema,
  addedSpaces: v.optional(countSchema),
  split: v.optional(v.picklist(['train', 'validation'])),
});
/** A place in the documents of all files. */
export type Position = v.InferOutput<typeof positionSchema>;

export const beginning: Position = { file: 0, document: 0, offset: 0 };

/** A portion, and what has been read with it. */
export interface PreparedPortion extends TextPortion {
  /** The place after it. */
  readonly position: Position;
  /** The size of its text as UTF-8, and the number of documents in it that have no text at all. */
  readonly textBytes: number;
  readonly emptyDocuments: number;
  /** How much of all files has been read. */
  readonly bytesRead: number;
}

export interface PortionOptions {
  readonly field: string;
  readonly encoding?: string | undefined;
  readonly encode: EncodeOptions;
  readonly validationFraction: number;
  readonly signal?: AbortSignal | undefined;
  /** How many 16-bit units of text a portion and a part of a document have, about. */
  readonly portionLength: number;
  readonly partLength: number;
}

/** The documents of all files from a position on, cut into parts and put together in portions. */
export async function* portionsOf(
  files: readonly DataFile[],
  tokenizer: Tokenizer,
  from: Position,
  options: PortionOptions,
): AsyncGenerator<PreparedPortion> {
  const { field, encoding, signal, validationFraction, partLength, portionLength } = options;
  let bytesRead = files.slice(0, from.file).reduce((sum, { bytes }) => sum + bytes, 0);
  let position = from;
  let parts: PortionPart[] = [];
  let [length, textBytes, emptyDocuments] = [0, 0, 0];
  const take = (): PreparedPortion => {
    const portion = { parts, position, textBytes, emptyDocuments, bytesRead };
    parts = [];
    [length, textBytes, emptyDocuments] = [0, 0, 0];
    return portion;
  };

  for (let number = from.file; number < files.length; number++) {
    const file = files[number]!;
    const before = bytesRead;
    const onBytes = (bytes: number) => {
      bytesRead += bytes;
    };
    if (number > from.file) position = { file: number, document: 0, offset: 0 };
    const cutterAt = ({ addedSpaces }: Position) =>
      new DocumentCutter(tokenizer, options.encode, partLength, addedSpaces);
    let cutter = cutterAt(position);
    let unread = position.offset; // of the document that was begun before
    const pieces = readDocuments(file, { field, encoding, signal, skip: position.document, onBytes });
    for await (const some of pieces) {
      for (const { text, isEnd } of some) {
        const skipped = Math.min(unread, text.length);
        unread -= skipped;
        for (const part of cutter.push(skipped > 0 ? text.slice(skipped) : text, isEnd)) add(part);
        if (isEnd) cutter = cutterAt(position);
        if (length >= portionLength) yield take();
      }
    }
    // A Parquet file is not read as a whole.
    if (file.path !== standardInput) bytesRead = before + file.bytes;
    position = { file: number + 1, document: 0, offset: 0 };

    function add(part: DocumentPart): void {
      const { document, offset } = position;
      const isBeginning = offset === 0;
      const isEmpty = isBeginning && part.isEnd && part.text === '';
      const split = position.split ?? splitOf(part.text, validationFraction);
      const place = `document ${document + 1} of ${file.path === standardInput ? 'standard input' : file.path}`;
      if (isEmpty) emptyDocuments++;
      else parts.push({ ...part, split, isBeginning, place });
      length += part.text.length + 1;
      textBytes += Buffer.byteLength(part.text);
      position = part.isEnd
        ? { file: number, document: document + 1, offset: 0 }
        : { file: number, document, offset: offset + part.text.length, split, addedSpaces: cutter.addedSpaces };
    }
  }
  yield take();
}

/** As many 16-bit units of a document as decide where it belongs. */
const DECIDING = 2 ** 16;

/** Where a document belongs: its own text decides, so that equal documents are not on both sides. */
function splitOf(text: string, validationFraction: number): SplitName {
  const hash = createHash('sha256').update(text.slice(0, DECIDING)).digest();
  return hash.readUIntBE(0, 6) / 2 ** 48 < validationFraction ? 'validation' : 'train';
}
