import { type FileMetaData, parquetMetadataAsync, parquetSchema, type SchemaTree } from 'hyparquet';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { compressors } from 'hyparquet-compressors';
import { ensure, TsgptError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import type { ByteSource } from '../../formats/byte-source.ts';
import { openFile } from '../open-file.ts';
import type { DocumentOptions, DocumentPiece } from './document-piece.ts';
import { ensureText, missingField } from './field.ts';
import { readPages } from './parquet-pages.ts';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
/** A byte order mark inside a table is a character. */
const parsers = { ...DEFAULT_PARSERS, stringFromBytes: (bytes: Uint8Array) => bytes && utf8.decode(bytes) };

/** A table in Parquet's format (https://parquet.apache.org): one column holds the documents. It is read page by page. */
export async function* readParquet(
  path: string,
  { field, signal, skip, onBytes }: DocumentOptions,
): AsyncGenerator<readonly DocumentPiece[]> {
  const file = await openFile(path, 'a Parquet file');
  try {
    const metadata = await readMetadata(path, file);
    const schemaPath = columnOf(path, metadata, field);
    const shared = { element: schemaPath.at(-1)!.element, schemaPath, compressors, parsers };
    let row = 0;
    for (const group of metadata.row_groups) {
      signal?.throwIfAborted();
      const rows = Number(group.num_rows);
      onBytes(Math.round((file.byteLength * rows) / Math.max(1, Number(metadata.num_rows))));
      if (row + rows <= skip) {
        row += rows;
        continue;
      }
      const column = group.columns.find(({ meta_data: data }) => data?.path_in_schema.join('.') === field)?.meta_data;
      ensure(column, () => `${path} is damaged: a group of rows has no column ${printable(field)}; get the file again`);
      for await (const values of readPages(file, column, {
        ...shared,
        ...column,
        pathInSchema: column.path_in_schema,
      })) {
        signal?.throwIfAborted();
        const pieces: DocumentPiece[] = [];
        for (const value of values) {
          if (row++ >= skip)
            pieces.push({ text: ensureText(value ?? null, field, `row ${row} of ${path}`), isEnd: true });
        }
        if (pieces.length > 0) yield pieces;
      }
    }
  } finally {
    await file.close();
  }
}

async function readMetadata(path: string, file: ByteSource): Promise<FileMetaData> {
  const slice = async (start: number, end = file.byteLength) => {
    const bytes = new Uint8Array(end - start);
    await file.readInto(bytes, start);
    return bytes.buffer;
  };
  try {
    return await parquetMetadataAsync({ byteLength: file.byteLength, slice });
  } catch (cause) {
    if (cause instanceof TsgptError) throw cause;
    throw new TsgptError(`${path} is not a complete Parquet file; get the file again`, { cause });
  }
}

/** The elements of the schema that lead to a column. Throws a TsgptError unless it is one value in every row. */
function columnOf(path: string, metadata: FileMetaData, field: string): SchemaTree[] {
  const schemaPath = [parquetSchema(metadata)];
  for (const name of parquetNames(schemaPath[0]!, field)) {
    const { children } = schemaPath.at(-1)!;
    const child = children.find(({ element }) => element.name === name);
    const names = children.map(({ element }) => element.name);
    ensure(child, () => missingField(`the table ${path}`, field, names));
    schemaPath.push(child);
  }
  const isValue = schemaPath.at(-1)!.children.length === 0;
  const isList = schemaPath.slice(1).some(({ element }) => element.repetition_type === 'REPEATED');
  ensure(
    isValue && !isList,
    () =>
      `the field ${printable(field)} of ${path} must be text, but is a list or an object; name another with the option field`,
  );
  return schemaPath;
}

/** A column may have a dot in its own name. */
function parquetNames(root: SchemaTree, field: string): string[] {
  return root.children.some(({ element }) => element.name === field) ? [field] : field.split('.');
}
