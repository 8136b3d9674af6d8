import { whileOpen } from '../core/while-open.ts';
import { openFile } from './open-file.ts';

/** What a file is, as far as it concerns models. */
export type ModelFileKind = 'gguf' | 'json' | 'safetensors' | 'onnx' | 'zip' | 'ggml' | 'html' | 'empty';

/** How such files begin, with one character for each byte. */
const beginnings: readonly [ModelFileKind, (start: string) => boolean][] = [
  ['empty', (start) => start === ''],
  ['gguf', (start) => start.startsWith('GGUF')],
  ['ggml', (start) => ['lmgg', 'fmgg', 'tjgg', 'algg'].includes(start.slice(0, 4))],
  ['zip', (start) => start.startsWith('PK\x03\x04')],
  // The length of the JSON header in eight bytes comes before it.
  ['safetensors', (start) => start.slice(6, 9) === '\0\0{'],
  // The version of the format, then the name of the program that wrote it.
  ['onnx', (start) => start.startsWith('\b') && start[2] === '\x12'],
  ['html', (start) => /^\s*<(!doctype|html)/i.test(start)],
  ['json', (start) => /^(\xef\xbb\xbf)?\s*\{/.test(start)],
];

/** What a file is by its first bytes, whatever its name; undefined if none of these. Throws a TsgptError if it cannot be read. */
export async function modelFileKind(path: string): Promise<ModelFileKind | undefined> {
  return whileOpen(await openFile(path, 'a model'), async (source) => {
    const bytes = new Uint8Array(Math.min(64, source.byteLength));
    await source.readInto(bytes, 0);
    const characters = String.fromCharCode(...bytes); // one for each byte
    return beginnings.find(([, isBeginning]) => isBeginning(characters))?.[0];
  });
}
