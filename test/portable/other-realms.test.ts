import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { savePretrained } from '../../src/disk/index.ts';
import { tinyGPT2 } from '../support/tiny-models.ts';

/** Test runners run programs in contexts of their own, which have no `Symbol.asyncDispose` on Node 20, and other classes of arrays. */

const folder = resolve('runs', `realms-${process.pid}`);
mkdirSync(folder, { recursive: true });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = (file: string) => `
  const opened = await openModel(${JSON.stringify(file)});
  const model = await opened.model();
  const decoder = await opened.decoder({ quantize: 'q8' });
  const cache = decoder.createCache();
  const [logits] = await decoder.append(cache, [[1, 2, 3]]);
  await decoder.dispose();
  const values = await tensor(Float32Array.of(1, 2)).mul(2).array();`;

describe('in another context', () => {
  it('without Symbol.dispose a model opens and runs', async () => {
    const model = join(folder, 'model');
    await savePretrained(model, { model: tinyGPT2() });
    // The modules run in a context whose Symbol lacks both symbols, as on Node 20, whatever the version of Node.
    const file = join(folder, 'program.mjs');
    writeFileSync(
      file,
      `import { readFileSync } from 'node:fs';
       import { createContext, SourceTextModule, SyntheticModule } from 'node:vm';
       import { fileURLToPath, pathToFileURL } from 'node:url';
       const own = ['global', 'globalThis', 'Symbol', 'Array', 'Object', 'Promise', 'Function', 'Error'];
       const names = Object.getOwnPropertyNames(globalThis).filter((name) => !own.includes(name));
       const context = createContext(Object.fromEntries(names.map((name) => [name, globalThis[name]])));
       context.Symbol = Object.assign((text) => Symbol(text), Object.fromEntries(
         Object.getOwnPropertyNames(Symbol).filter((name) => !/dispose|length|name|prototype/i.test(name)).map((name) => [name, Symbol[name]]),
       ));
       const modules = new Map();
       async function load(url) {
         if (!modules.has(url)) modules.set(url, make(url));
         return modules.get(url);
       }
       async function make(url) {
         if (url.startsWith('file:') && url.includes('/dist/') && !url.includes('node_modules')) {
           return new SourceTextModule(readFileSync(fileURLToPath(url), 'utf8'), {
             context, identifier: url,
             initializeImportMeta: (meta) => { meta.url = url; },
             importModuleDynamically: async (specifier) => { const m = await link(specifier, { identifier: url }); if (m.status === 'unlinked') await m.link(link); await m.evaluate(); return m; },
           });
         }
         const exported = await import(url);
         return new SyntheticModule(Object.keys(exported), function () {
           for (const name of Object.keys(exported)) this.setExport(name, exported[name]);
         }, { context, identifier: url });
       }
       const link = (specifier, { identifier }) => {
         const isOurs = specifier.startsWith('.') ? new URL(specifier, identifier).href
           : specifier === '#default-runtime' ? new URL('../runtime/node/default-runtime.js', identifier).href : undefined;
         return load(isOurs ?? import.meta.resolve(specifier));
       };
       const main = new SourceTextModule(${JSON.stringify(
         `import { tensor } from './index.js'; import { openModel } from './node.js';${program(model)}
          globalThis.done = [logits.length, values, 'asyncDispose' in Symbol];`,
       )}, { context, identifier: pathToFileURL(${JSON.stringify(resolve('dist/main.js'))}).href });
       await main.link(link);
       await main.evaluate();
       console.log(JSON.stringify(context.done));`,
    );
    const { stdout, stderr } = spawnSync(process.execPath, ['--experimental-vm-modules', '--no-warnings', file], {
      encoding: 'utf8',
      env: { ...process.env, TSGPT_CACHE: folder },
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([300, [2, 4], false]);
  });

  it('the library needs neither symbol: only the command line declares with using', () => {
    const files = readdirSync('dist', { recursive: true, encoding: 'utf8' }).filter((name) =>
      /^(?!cli).*\.js$/.test(name),
    );
    expect(files.length).toBeGreaterThan(100);
    expect(
      files.filter((name) => readFileSync(join('dist', name), 'utf8').includes('__addDisposableResource')),
    ).toEqual([]);
  });

  it('of vitest with vmThreads a model opens and runs', async () => {
    const model = join(folder, 'model-of-vitest');
    await savePretrained(model, { model: tinyGPT2() });
    writeFileSync(
      join(folder, 'inner.test.mjs'),
      `import { expect, it } from 'vitest';
       import { tensor } from 'tsgpt';
       import { openModel } from 'tsgpt/node';
       it('opens', async () => {${program(model)}
         expect([logits.length, values]).toEqual([300, [2, 4]]);
       });`,
    );
    const args = ['vitest', 'run', '--root', folder, '--config', join(folder, 'none.mjs'), '--pool', 'vmThreads'];
    writeFileSync(join(folder, 'none.mjs'), 'export default {};');
    const { stdout, stderr, status } = spawnSync('npx', args, {
      encoding: 'utf8',
      env: { ...process.env, TSGPT_CACHE: folder, VITEST: undefined, NODE_ENV: undefined },
    });
    expect([stdout + stderr, status]).toEqual([expect.stringContaining('1 passed'), 0]);
  });
});
