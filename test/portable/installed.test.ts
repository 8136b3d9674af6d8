import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { transformSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

/** The package as npm makes it, installed into an empty folder, as a reader's project has it. */

const folder = mkdtempSync(join(tmpdir(), 'tsgpt-installed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (command: string, args: string[], cwd = folder): SpawnSyncReturns<string> =>
  spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' } });

let problem: string | undefined;
beforeAll(() => {
  const packed = run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], process.cwd());
  expect(packed.status, packed.stderr).toBe(0);
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'reader', private: true, type: 'module' }));
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, tarball!)];
  const installed = run('npm', install);
  if (installed.status === 0) return;
  // Without a registry and with an empty cache there is nothing to install from.
  problem = /E(NOTFOUND|AI_AGAIN|CONNREFUSED|NOTCACHED|TIMEDOUT|404)/.exec(installed.stderr)?.[0];
  expect(problem, installed.stderr).toBeDefined();
}, 300_000);

describe('the package, installed into an empty folder', () => {
  it('runs the first program of the README', (context) => {
    context.skip(problem !== undefined, `npm cannot install: ${problem}`);
    const { code } = transformSync(readFileSync('examples/quick-start.ts', 'utf8'), { loader: 'ts' });
    writeFileSync(join(folder, 'quick-start.js'), code);
    const { stdout, stderr, status } = run(process.execPath, ['quick-start.js']);
    expect([stderr, status]).toEqual(['', 0]);
    expect(stdout).toContain('14 [ 2, 4, 6 ]');
    expect(stdout).toMatch(/step 200: loss \d/);
  });

  it('has the command line', (context) => {
    context.skip(problem !== undefined, `npm cannot install: ${problem}`);
    const { stdout, status } = run(join(folder, 'node_modules', '.bin', 'tsgpt'), ['--version']);
    expect([stdout.trim(), status]).toEqual([JSON.parse(readFileSync('package.json', 'utf8')).version, 0]);
  });

  const modes = [['node16', 'node16'], ['esnext', 'bundler']] as const; // biome-ignore format: two modes
  it.each(modes)('is typed for strict programs, as %s with the resolution %s', (module, moduleResolution) => {
    // Where npm cannot install, the package's own types are as good.
    const place = problem === undefined ? folder : mkdtempSync(resolve('consumer-'));
    if (place !== folder) onTestFinished(() => rmSync(place, { recursive: true, force: true }));
    const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, unknown> };
    const paths = Object.keys(exports).filter((path) => !path.endsWith('.json'));
    const imports = paths.map((path, i) => `import * as m${i} from '${path.replace('.', 'tsgpt')}';`);
    const uses = `
      const decoder: m0.Decoder = new m0.Decoder(new m0.GPT2({ vocabSize: 9, embDim: 8, nHeads: 2 }), { chunkSize: 4 });
      const sum: number = await m0.tensor(Float32Array.of(1, 2), { dtype: 'float32' }).sum().item();
      export default [decoder, sum, ${paths.map((_, i) => `m${i}`)}];`;
    const file = join(place, `consumer-${module}.mts`);
    writeFileSync(file, imports.join('\n') + uses);
    const strict = [
      '--strict',
      '--exactOptionalPropertyTypes',
      '--skipLibCheck',
      'false',
      '--noUncheckedIndexedAccess',
    ];
    const kind = ['--module', module, '--moduleResolution', moduleResolution, '--target', 'es2022', '--types', ''];
    const tsc = resolve('node_modules/typescript/bin/tsc');
    const { stdout, status } = run(
      process.execPath,
      [tsc, '--ignoreConfig', '--noEmit', ...strict, ...kind, file],
      place,
    );
    expect([stdout, status]).toEqual(['', 0]);
  });
});
