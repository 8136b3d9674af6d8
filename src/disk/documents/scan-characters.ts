import { ensure } from '../../core/errors.ts';
import { type CharTokenizer, CharVocabulary } from '../../tokenizer/char.ts';
import { type FindDataOptions, findDataFiles } from './data-files.ts';
import { standardInput } from './read-bytes.ts';
import { readDocuments } from './read-documents.ts';

interface ScanDocumentsOptions extends FindDataOptions {
  field?: string | undefined;
  onProgress?: (progress: { bytesRead: number; bytesTotal: number }) => void;
}

/** A character tokenizer for all characters in the documents of files and folders. */
export async function scanDocuments(sources: readonly string[], options: ScanDocumentsOptions): Promise<CharTokenizer> {
  const { field = 'text', encoding, signal, onProgress } = options;
  ensure(
    !sources.includes(standardInput),
    'the characters of a text must be known before it is tokenized, but standard input can be read only once; put it into a file, or take another tokenizer',
  );
  const { files } = await findDataFiles(sources, options);
  const bytesTotal = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const vocabulary = new CharVocabulary();
  let bytesRead = 0;
  const onBytes = (bytes: number) => {
    bytesRead += bytes;
  };
  for (const file of files) {
    for await (const pieces of readDocuments(file, { field, encoding, signal, skip: 0, onBytes })) {
      for (const { text } of pieces) vocabulary.add(text);
      onProgress?.({ bytesRead, bytesTotal });
    }
  }
  return vocabulary.build();
}
