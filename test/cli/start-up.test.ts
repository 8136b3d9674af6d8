import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Writes the address of every module that is loaded to standard error. */
const tellModules = `import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(\`import { writeSync } from 'node:fs';
export async function load(url, context, next) {
  writeSync(2, url + '\\\\n');
  return next(url, context);
}\`));`;

/** The modules that the built command line loads for `args`. */
function modulesOf(...args: string[]): string[] {
  const hook = `data:text/javascript,${encodeURIComponent(tellModules)}`;
  const { status, stderr } = spawnSync(process.execPath, ['--import', hook, 'dist/cli/main.js', ...args], {
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  return stderr.trim().split('\n');
}

it('a command loads no other, nor the readers of formats of documents', () => {
  const modules = modulesOf('generate', '--help');
  expect(modules.filter((url) => url.includes('/cli/commands/')).map((url) => url.split('/').at(-1))).toEqual([
    'generate.js',
  ]);
  expect(modules.filter((url) => /hyparquet|csv-parse|documents\/(csv|parquet)/.test(url))).toEqual([]);
});
