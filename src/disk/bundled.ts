import { fileURLToPath } from 'node:url';
import { ensure } from '../core/errors.ts';

/**
 * The file of the novel that comes with the package, Jane Austen's Pride and Prejudice; see data/README.md. Throws a TsgptError in a program that was
 * bundled as CommonJS, which does not know where its files are.
 */
export function bundledNovelPath(): string {
  return bundledFile('pride-and-prejudice.txt', 'the novel of tsgpt is; give the path of a text');
}

/** The name that `openModel` knows the bundled model by. */
export const bundledModel = 'austen';

/**
 * The file of the model that comes with the package, a GPT-2 of 3.5 million parameters that has read Jane Austen's novels; see data/README.md. Throws
 * a TsgptError where {@link bundledNovelPath} does.
 */
export function bundledModelPath(): string {
  return bundledFile(`${bundledModel}.gguf`, 'the model of tsgpt is; give the path of a model');
}

/** The path of a file in data/. The folder is beside both src/ and the built dist/, so the relative path is the same. */
function bundledFile(name: string, remedy: string): string {
  const { url } = import.meta;
  ensure(url, `a program bundled as CommonJS does not know where ${remedy}`);
  return fileURLToPath(new URL(`../../data/${name}`, url));
}
