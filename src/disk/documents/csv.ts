import { pipeline, Readable } from 'node:stream';
import { type CsvError, parse } from 'csv-parse';
import { ensure, TsgptError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { decodeChunks } from './decode-chunks.ts';
import type { DocumentOptions, DocumentPiece } from './document-piece.ts';
import { missingField } from './field.ts';
import { readBytes, standardInput } from './read-bytes.ts';

/** A longer row is taken for a quotation mark that is never closed. */
const LONGEST_ROW = 2 ** 26;
const ROWS_AT_ONCE = 256;

/** A table as text (RFC 4180): one column holds the documents. The first row names the columns. */
export async function* readCsv(
  path: string,
  delimiter: ',' | '\t',
  { field, encoding, signal, skip, onBytes }: DocumentOptions,
): AsyncGenerator<readonly DocumentPiece[]> {
  const name = path === standardInput ? 'standard input' : path;
  const text = decodeChunks(name, readBytes(path, { signal, onBytes }), encoding);
  const parser = parse({
    delimiter,
    skip_empty_lines: true,
    max_record_size: LONGEST_ROW,
    relax_quotes: delimiter === '\t',
  });
  const rows = pipeline(Readable.from(text, { objectMode: false }), parser, () => {}) as AsyncIterable<string[]>;
  let column: number | undefined;
  let documents = 0;
  let pieces: DocumentPiece[] = [];
  try {
    for await (const row of rows) {
      if (column === undefined) {
        column = row.indexOf(field);
        ensure(column >= 0, () => missingField(`the table ${name}`, field, row));
      } else if (documents++ >= skip) pieces.push({ text: row[column]!, isEnd: true });
      if (pieces.length < ROWS_AT_ONCE) continue;
      yield pieces;
      pieces = [];
    }
  } catch (cause) {
    const { code, lines } = cause as CsvError;
    if (!code?.startsWith('CSV_')) throw cause;
    throw new TsgptError(`line ${lines} of ${name} cannot be read: ${explain(cause as CsvError)}; correct the line`, {
      cause,
    });
  }
  if (pieces.length > 0) yield pieces;
}

function explain({ code, message }: CsvError): string {
  switch (code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
      return 'it has not as many columns as the first row';
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'a quotation mark is never closed';
    case 'CSV_MAX_RECORD_SIZE':
      return `its row is longer than ${LONGEST_ROW / 2 ** 20} MiB, so a quotation mark may never be closed`;
    default:
      return printable(message.replace(/^[^:]*: /, '')).slice(0, 120);
  }
}
