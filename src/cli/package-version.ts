import { readFileSync } from 'node:fs';

/** The version in package.json, two folders above this file both in the sources and in the built program. */
export const packageVersion: string = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).version;
