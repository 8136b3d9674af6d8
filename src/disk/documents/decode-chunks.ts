import { TextDecoder } from 'node:util';
import { TsgptError } from '../../core/errors.ts';
import { decoderOf } from '../decode-text.ts';
import { ensureText, markedEncoding } from '../text-kind.ts';

/** Text that arrives as bytes. A byte order mark decides its encoding, else `encoding` does. Throws a TsgptError if it is no such text. */
export async function* decodeChunks(
  name: string,
  chunks: AsyncIterable<Uint8Array>,
  encoding = 'utf-8',
): AsyncGenerator<string> {
  let decode: ReturnType<typeof decoderOf> | undefined;
  let known = encoding;
  let offset = 0;
  const decoded = (bytes: Uint8Array) => {
    const text = decode!(bytes);
    if (text === undefined) {
      const written = new TextDecoder(known).encoding.replace('utf', 'UTF');
      throw new TsgptError(
        `${name} is not ${written} text (between the bytes ${offset} and ${offset + bytes.length}); ` +
          'give its encoding, such as windows-1252, with the option encoding, or save it as UTF-8',
      );
    }
    offset += bytes.length;
    return text;
  };
  for await (const bytes of chunks) {
    if (!decode) {
      known = markedEncoding(name, bytes) ?? encoding;
      ensureText(name, bytes.subarray(0, 8000), encoding);
      decode = decoderOf(known);
    }
    yield decoded(bytes);
  }
  if (decode) yield decoded(new Uint8Array());
}
