import { TsgptError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { decodeChunks } from './decode-chunks.ts';
import type { DocumentOptions, DocumentPiece } from './document-piece.ts';
import { textIn } from './field.ts';
import { HugeRecord } from './huge-record.ts';
import { linesOf } from './lines.ts';
import { readBytes, standardInput } from './read-bytes.ts';

/** Every line is a JSON object, one of whose fields is a document (https://jsonlines.org). Empty lines are left out. */
export async function* readJsonLines(
  path: string,
  { field, encoding, signal, skip, onBytes }: DocumentOptions,
): AsyncGenerator<readonly DocumentPiece[]> {
  const name = path === standardInput ? 'standard input' : path;
  let line = 0;
  let documents = 0;
  let huge: HugeRecord | undefined;
  for await (const parts of linesOf(decodeChunks(name, readBytes(path, { signal, onBytes }), encoding))) {
    const pieces: DocumentPiece[] = [];
    for (const { text, isEnd } of parts) {
      const place = () => `line ${line + 1} of ${name}`;
      if (huge || !isEnd) {
        huge ??= new HugeRecord(field, place());
        const found = huge.push(text, isEnd);
        if (documents >= skip) for (const piece of found) pieces.push(piece);
        if (isEnd) huge = undefined;
        else continue;
        documents++;
      } else if (text.trim() !== '') {
        if (documents >= skip) pieces.push({ text: textIn(parsed(text, place), field, place()), isEnd: true });
        documents++;
      }
      line++;
    }
    if (pieces.length > 0) yield pieces;
  }
}

function parsed(text: string, place: () => string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = printable((cause as Error).message).slice(0, 120);
    throw new TsgptError(`${place()} is not JSON (${reason}); correct or remove the line`, { cause });
  }
}
