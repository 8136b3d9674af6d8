import { type DataFile, ensureUnchanged } from './data-files.ts';
import type { DocumentOptions, DocumentPiece } from './document-piece.ts';
import { readJsonLines } from './json-lines.ts';
import { readText } from './text.ts';

/** The documents of a file, in order. Memory does not grow with their number, nor, but for tables, with their size. */
export async function* readDocuments(
  file: DataFile,
  options: DocumentOptions,
): AsyncGenerator<readonly DocumentPiece[]> {
  await ensureUnchanged(file);
  yield* await documentsOf(file, options);
  await ensureUnchanged(file);
}

// Readers that bring libraries are loaded when they are needed, so that everything else starts sooner.
async function documentsOf({ path, format }: DataFile, options: DocumentOptions) {
  switch (format) {
    case 'jsonl':
      return readJsonLines(path, options);
    case 'csv':
      return (await import('./csv.ts')).readCsv(path, ',', options);
    case 'tsv':
      return (await import('./csv.ts')).readCsv(path, '\t', options);
    case 'parquet':
      return (await import('./parquet.ts')).readParquet(path, options);
    case 'text':
      return readText(path, options);
  }
}
