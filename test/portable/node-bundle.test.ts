import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';

/** Beside node_modules, so that what is left outside a bundle is found. */
const folder = resolve('runs', `bundles-${process.pid}`);
mkdirSync(folder, { recursive: true });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = `
  import { GPT2, tensor } from 'tsgpt';
  import { lossCurveSvg } from 'tsgpt/charts';
  import { bundledNovelPath, openModel } from 'tsgpt/node';
  tensor(Float32Array.of(1, 2)).mul(2).array().then(async (values) => {
    const { message } = await openModel('./nothing-here').catch((error) => error);
    const svg = await lossCurveSvg({ train: [{ step: 1, loss: 2 }], validation: [] });
    let novel = 'found';
    try { bundledNovelPath(); } catch (error) { novel = error.message; }
    console.log(JSON.stringify({ values, parameters: new GPT2({ vocabSize: 8, embDim: 8, nHeads: 2 }).parameterCount, message, novel, svg }));
  });`;

async function bundle(format: 'cjs' | 'esm', contents: string): Promise<string> {
  const file = join(folder, `program.${format === 'cjs' ? 'cjs' : 'mjs'}`);
  await build({
    stdin: { contents, resolveDir: process.cwd(), loader: 'js' },
    outfile: file,
    bundle: true,
    platform: 'node',
    format,
    target: 'node20',
    // Vega awaits at its top level, which CommonJS cannot.
    external: ['onnxruntime-node', ...(format === 'cjs' ? ['vega', 'vega-lite'] : [])],
    logLevel: 'silent',
    // Some dependencies are CommonJS, whose require an ES module has not.
    ...(format === 'esm' && {
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    }),
  });
  return file;
}

const run = (args: string[]) => {
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { stdout, stderr, status };
};

describe('a program bundled for Node', () => {
  it.each(['cjs', 'esm'] as const)('as %s loads and computes', async (format) => {
    const { stdout, stderr, status } = run([await bundle(format, program)]);
    expect([stderr, status]).toEqual(['', 0]);
    const { values, parameters, message, novel, svg } = JSON.parse(stdout);
    expect(values).toEqual([2, 4]);
    expect(parameters).toBeGreaterThan(0);
    expect(svg).toMatch(/^<svg/);
    expect(message).toContain('there is no model ./nothing-here');
    const noPlace = 'a program bundled as CommonJS does not know where the novel of tsgpt is; give the path of a text';
    expect(novel).toBe(format === 'cjs' ? noPlace : 'found');
  });
});

describe('a CommonJS program', () => {
  it('takes tsgpt with require', () => {
    const file = join(folder, 'requires.cjs');
    writeFileSync(
      file,
      `const { tensor } = require('tsgpt');
       const { openModel } = require('tsgpt/node');
       tensor([1, 2]).add(1).array().then((values) => console.log(JSON.stringify([values, typeof openModel])));`,
    );
    const { stdout, stderr, status } = run(['--no-warnings', file]);
    expect([stderr, status]).toEqual(['', 0]);
    expect(JSON.parse(stdout)).toEqual([[2, 3], 'function']);
  });
});
