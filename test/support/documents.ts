import { findDataFiles } from '../../src/disk/documents/data-files.ts';
import { readDocuments } from '../../src/disk/documents/read-documents.ts';

interface ReadAllOptions extends Partial<Parameters<typeof findDataFiles>[1]> {
  field?: string;
  skip?: number;
}

/** The documents of files and folders. */
export async function documentsIn(sources: readonly string[], options: ReadAllOptions = {}): Promise<string[]> {
  const { field = 'text', skip = 0, ...choice } = options;
  const documents: string[] = [];
  const { files } = await findDataFiles(sources, choice);
  for (const file of files) {
    let document = '';
    for await (const pieces of readDocuments(file, { ...choice, field, skip, onBytes: () => {} })) {
      for (const { text, isEnd } of pieces) {
        document += text;
        if (isEnd) documents.push(document);
        if (isEnd) document = '';
      }
    }
  }
  return documents;
}
