/** GGUF files on disk, llama.cpp's format of models. `formats/gguf` does the same in memory. */
import { encodeGguf, type GgufContents, GgufReader } from '../formats/gguf/index.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { openFile } from './open-file.ts';

/**
 * Opens a GGUF file and checks its whole header. Tensors are read on demand.
 *
 * Close it when done (`await using reader = await openGguf(path)` does).
 *
 * @throws TsgptError if there is no such file, or it is truncated, damaged or of another format
 */
export async function openGguf(path: string): Promise<GgufReader> {
  return GgufReader.open(await openFile(path, 'a GGUF file'));
}

/**
 * Writes a GGUF file, completely or not at all (see {@link writeFileAtomic}).
 *
 * @throws TsgptError like {@link encodeGguf}, or if the file cannot be written; errors of a tensor's own function are passed on. In each case no
 * file is left behind, and an older one stays as it was.
 */
export async function writeGguf(path: string, contents: GgufContents): Promise<void> {
  await writeFileAtomic(path, encodeGguf(contents));
}
