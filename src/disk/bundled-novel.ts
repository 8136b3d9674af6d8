import { fileURLToPath } from 'node:url';

/**
 * The file of the novel that comes with the package, Jane Austen's Pride and Prejudice; see data/README.md.
 *
 * The folder `data/` is beside both `src/` and the built `dist/`, so the relative path is the same.
 */
export const bundledNovelPath = fileURLToPath(new URL('../../data/pride-and-prejudice.txt', import.meta.url));
