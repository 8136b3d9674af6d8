import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const targetsOf = (folder: string) =>
  Object.entries<string>(read(`${folder}/package.json`).imports['#default-runtime']);

describe('the default runtime', () => {
  it('is chosen in the built package as in the source', () => {
    expect(targetsOf('src').map(([condition]) => condition)).toEqual(['node', 'default']);
    expect(targetsOf('dist')).toEqual(
      targetsOf('src').map(([condition, path]) => [condition, path.replace(/\.ts$/, '.js')]),
    );
    for (const folder of ['src', 'dist']) {
      for (const [, path] of targetsOf(folder)) expect(existsSync(join(folder, path)), path).toBe(true);
    }
  });

  it('is in the package that npm makes', () => {
    const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' });
    const [{ files }] = JSON.parse(stdout);
    const paths = files.map(({ path }: { path: string }) => path);
    const wanted = ['dist/package.json', ...targetsOf('dist').map(([, path]) => join('dist', path))];
    expect(wanted.filter((path) => !paths.includes(path))).toEqual([]);
  });

  it('is made when the first value is computed, and not before', () => {
    const program = `
      import { tensor } from 'tsgpt';
      const loaded = () => process.report.getReport().sharedObjects.some((path) => path.includes('onnxruntime'));
      const before = loaded();
      const values = await tensor([1, 2]).add(1).array();
      console.log(JSON.stringify({ before, values, after: loaded() }));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ before: false, values: [2, 3], after: true });
  });
});

describe('the lock file', () => {
  it('lets npm run no script of onnxruntime-node, which would download libraries for GPUs', () => {
    // npm install writes the field again for a new version: take it out.
    const packages = Object.entries<{ hasInstallScript?: boolean }>(read('package-lock.json').packages);
    const withScripts = packages.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path);
    expect(withScripts.filter((path) => !/(fsevents|esbuild)$/.test(path))).toEqual([]);
    expect(packages.some(([path]) => path === 'node_modules/onnxruntime-node')).toBe(true);
  });
});
