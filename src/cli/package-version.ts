import { readFileSync } from 'node:fs';

/** The version in package.json, which lies two folders above in the sources as in the built program. */
export const packageVersion: string = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).version;
