import { fileURLToPath } from 'node:url';
import { ensure } from '../core/errors.ts';

/**
 * The file of the novel that comes with the package, Jane Austen's Pride and Prejudice; see data/README.md. Throws a TsgptError in a program that was
 * bundled as CommonJS, which does not know where its files are.
 */
export function bundledNovelPath(): string {
  const { url } = import.meta;
  ensure(url, 'a program bundled as CommonJS does not know where the novel of tsgpt is; give the path of a text');
  // The folder data/ is beside both src/ and the built dist/, so the relative path is the same.
  return fileURLToPath(new URL('../../data/pride-and-prejudice.txt', url));
}
