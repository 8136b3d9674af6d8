import type { ColumnMetaData, DecodedArray, PageHeader } from 'hyparquet';
import { parquetHeader, readPage } from 'hyparquet/src/column.js';
import { convert } from 'hyparquet/src/convert.js';
import { ensure, TsgptError } from '../../core/errors.ts';
import type { ByteSource } from '../../formats/byte-source.ts';

/** What hyparquet needs to decode a column. */
type ColumnDecoder = Parameters<typeof readPage>[2];

/** Headers with statistics may be long; those of texts hold whole texts. */
const FIRST_HEADER_BYTES = 2 ** 12;
const MOST_HEADER_BYTES = 2 ** 26;

/**
 * The values of a column in a group of rows, page by page: a page has about a megabyte, while a group of rows may be the whole file. hyparquet reads
 * whole groups, but has the parts for this.
 */
export async function* readPages(
  file: ByteSource,
  column: ColumnMetaData,
  decoder: ColumnDecoder,
): AsyncGenerator<DecodedArray> {
  const { dictionary_page_offset: dictionaryOffset, data_page_offset: dataOffset } = column;
  // Some writers put the dictionary before the pages and do not say so.
  let offset = Math.min(Number(dictionaryOffset || dataOffset), Number(dataOffset));
  const values = Number(column.num_values);
  let dictionary: DecodedArray | undefined;
  for (let done = 0; done < values; ) {
    const { header, length } = await readHeader(file, offset);
    const bytes = await slice(file, offset + length, header.compressed_page_size);
    offset += length + bytes.byteLength;
    const reader = { view: new DataView(bytes), offset: 0 };
    const isDictionary = header.type === 'DICTIONARY_PAGE';
    const data = decoded(file, () => {
      const page = readPage(reader, header, decoder, dictionary, undefined, 0).data;
      return isDictionary && page ? convert(page, decoder) : page;
    });
    ensure(data, () => damaged(file));
    if (isDictionary) dictionary = data;
    else {
      ensure(data.length > 0, () => damaged(file));
      done += data.length;
      yield data;
    }
  }
}

async function readHeader(file: ByteSource, offset: number): Promise<{ header: PageHeader; length: number }> {
  for (let size = FIRST_HEADER_BYTES; ; size *= 16) {
    const reader = {
      view: new DataView(await slice(file, offset, Math.min(size, file.byteLength - offset))),
      offset: 0,
    };
    try {
      return { header: parquetHeader(reader), length: reader.offset };
    } catch (cause) {
      const isWhole = reader.view.byteLength < size || size >= MOST_HEADER_BYTES;
      if (isWhole) throw new TsgptError(damaged(file), { cause });
    }
  }
}

function decoded<T>(file: ByteSource, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw new TsgptError(`${damaged(file)} (${(cause as Error).message})`, { cause });
  }
}

async function slice(file: ByteSource, offset: number, length: number): Promise<ArrayBuffer> {
  ensure(length >= 0 && offset + length <= file.byteLength, () => damaged(file));
  const bytes = new Uint8Array(length);
  await file.readInto(bytes, offset);
  return bytes.buffer;
}

const damaged = ({ name }: ByteSource) => `${name} is a damaged Parquet file; get the file again`;
