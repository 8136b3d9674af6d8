import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** One line for each thing that only Node has. */
const offences = [
  "export { readFileSync } from 'node:fs';",
  "export type { Stats } from 'node:fs';",
  "export * as ort from 'onnxruntime-node';",
  "export const web = () => import('onnxruntime-web');",
  'export const buffer = Buffer.alloc(1);',
  'export const home = process.env.HOME;',
];
const portable = ['src/x.ts', 'src/nn/x.ts', 'src/formats/gguf/x.ts', 'src/runtime/x.ts', 'src/runtime/web/x.ts'];
const nodes = ['src/node.ts', 'src/cli/x.ts', 'src/disk/hub/x.ts', 'src/runtime/node/x.ts', 'test/x.ts', 'bench/x.ts'];

describe("the linter's rule for what runs in a browser", () => {
  let folder: string;
  /** What the linter says: `path:line` for each error. */
  let errors: Set<string>;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tsgpt-lint-'));
    copyFileSync('biome.json', join(folder, 'biome.json'));
    for (const path of [...portable, ...nodes]) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), `${offences.join('\n')}\n`);
    }
    const args = ['lint', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=github', '.'];
    const biome = resolve('node_modules/@biomejs/biome/bin/biome');
    const { stdout, stderr } = spawnSync(process.execPath, [biome, ...args], { cwd: folder, encoding: 'utf8' });
    const found = `${stdout}${stderr}`.matchAll(/^::error title=[^,]*,file=([^,]*),line=(\d+)/gm);
    errors = new Set([...found].map(([, file, line]) => `${resolve(folder, file!).slice(folder.length + 1)}:${line}`));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(portable)('refuses each of them in %s', (path) => {
    expect(offences.filter((_, i) => !errors.has(`${path}:${i + 1}`))).toEqual([]);
  });

  it.each(nodes)('allows them in %s', (path) => {
    expect([...errors].filter((error) => error.startsWith(`${path}:`))).toEqual([]);
  });
});
