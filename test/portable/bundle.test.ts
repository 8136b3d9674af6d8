import { afterAll, describe, expect, it } from 'vitest';
import { type Bundle, bundleForBrowser, packageExports } from '../support/bundle.ts';

/** Exports that are only for Node, or no modules. Everything else has to run in a browser. */
const notPortable = ['tsgpt/node', 'tsgpt/package.json'];
const subPaths = packageExports().filter((name) => name !== 'tsgpt' && !notPortable.includes(name));

/** The most that programs may weigh, minified and gzipped, in KiB: what they weigh now, and some room. */
const programs: [title: string, text: string, maxGzippedKiB: number][] = [
  ['training a GPT-2', "export { GPT2, train } from 'tsgpt';", 44],
  ['training and generating', "export { GPT2, CharTokenizer, Decoder, generate, train } from 'tsgpt';", 53],
  ["GPT-2's tokenizer", "export { GPT2Tokenizer } from 'tsgpt';", 240],
  ['all of tsgpt', "export * from 'tsgpt';", 330],
];

const sizes: string[] = [];
afterAll(() => console.info(['Bundled for browsers, minified:', ...sizes].join('\n')));

function record(title: string, { bytes, gzippedBytes, parts }: Bundle): void {
  const kib = (size: number) => (size / 1024).toFixed(size < 10240 ? 1 : 0);
  const largest = parts.slice(0, 5).map(([name, size]) => `${name} ${kib(size)}`);
  sizes.push(`  ${title}: ${kib(bytes)} KiB, gzipped ${kib(gzippedBytes)}; ${largest.join(', ')}`);
}

function expectPortable({ text, external }: Bundle): void {
  expect(external).toEqual([]);
  expect(text).not.toMatch(/["'`](node:|onnxruntime-)/);
}

describe('bundled for a browser', () => {
  it.each(programs)('%s', async (title, text, maxGzippedKiB) => {
    const bundle = await bundleForBrowser(text);
    record(title, bundle);
    expectPortable(bundle);
    expect(bundle.gzippedBytes / 1024).toBeLessThan(maxGzippedKiB);
  });

  it('the source', async () => {
    const bundle = await bundleForBrowser("export * from './src/index.ts';");
    expectPortable(bundle);
    expect(bundle.parts.map(([name]) => name)).toContain('nn');
  });

  it.each(subPaths)('%s', async (name) => {
    const bundle = await bundleForBrowser(`export * from '${name}';`);
    record(name, bundle);
    expectPortable(bundle);
  });

  it("what is not used is left out: large packages, and GPT-2's vocabulary", async () => {
    const { parts } = await bundleForBrowser("export { GPT2, CharTokenizer, Decoder, generate, train } from 'tsgpt';");
    const packages = ['gpt-tokenizer', 'oniguruma-to-es', 'linkedom', 'vega', 'vega-lite', 'charts', 'disk', 'cli'];
    expect(parts.filter(([name]) => packages.includes(name))).toEqual([]);
  });

  it('Node stays out of reach', async () => {
    await expect(bundleForBrowser("export { trainInFolder } from 'tsgpt/node';")).rejects.toThrow(/node:/);
  });
});
