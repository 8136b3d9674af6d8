import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, unknown> };

/** The modules a user can import, by the name they are imported under, with the source file of each. */
const modules = Object.entries(exports).flatMap(([path, target]) => {
  const types = JSON.stringify(target).match(/\.\/dist\/([^"]+)\.d\.ts/)?.[1];
  return types ? [{ name: `tsgpt${path.slice(1)}`, source: `src/${types}.ts` }] : [];
});

/** What a module exports, as `name` or, of a type, `type name`; what it exports of others included. */
function exportsOf(file: string): string[] {
  const { module } = parseSync(file, readFileSync(file, 'utf8'));
  return module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ exportName, importName, moduleRequest, isType }) => {
      if (importName.kind === 'AllButDefault') return exportsOf(join(dirname(file), moduleRequest!.value));
      return `${isType ? 'type ' : ''}${exportName.name}`;
    }),
  );
}

describe('the public names', () => {
  it('are those on record: a change of them is a decision', async () => {
    const listing = modules.map(({ name, source }) => {
      const names = [...new Set(exportsOf(source))].sort((a, b) => (a < b ? -1 : 1));
      return [`# ${name}`, ...names, ''].join('\n');
    });
    await expect(listing.join('\n')).toMatchFileSnapshot('public-api.txt');
  });

  it('are about ninety at the root', () => {
    expect(exportsOf('src/index.ts').length).toBeLessThanOrEqual(105);
  });
});
