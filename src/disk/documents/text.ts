import { readTextFile } from '../decode-text.ts';
import { ensureText, readBeginning } from '../text-kind.ts';
import { decodeChunks } from './decode-chunks.ts';
import type { DocumentOptions, DocumentPiece } from './document-piece.ts';
import { isPacked, readBytes, standardInput } from './read-bytes.ts';

/** A text file is one document. */
export async function* readText(
  path: string,
  { encoding, signal, skip, onBytes }: DocumentOptions,
): AsyncGenerator<readonly DocumentPiece[]> {
  if (skip > 0) return;
  const beginning = path === standardInput ? undefined : await readBeginning(path);
  if (beginning && !isPacked(beginning)) {
    ensureText(path, beginning, encoding);
    for await (const { text, bytes } of readTextFile(path, encoding, signal)) {
      onBytes(bytes);
      yield [{ text, isEnd: false }];
    }
  } else {
    const name = path === standardInput ? 'standard input' : path;
    for await (const text of decodeChunks(name, readBytes(path, { signal, onBytes }), encoding)) {
      yield [{ text, isEnd: false }];
    }
  }
  yield [{ text: '', isEnd: true }];
}
