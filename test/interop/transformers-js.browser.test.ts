import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportOnnx, type OnnxDtype, onnxDtypes } from '../../src/disk/export-onnx.ts';
import { Decoder, generateTokens } from '../../src/generate/index.ts';
import { models } from '../support/export-models.ts';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const packages = resolve('interop', 'node_modules');
const isPossible = existsSync(executablePath) && existsSync(join(packages, '@huggingface', 'transformers'));

/** Software may stand in for a graphics processor. */
const flags = [
  ...['--headless=new', '--no-sandbox', '--disable-quic', '--enable-unsafe-webgpu', '--ignore-gpu-blocklist'],
  ...['--enable-features=Vulkan', '--use-vulkan=swiftshader', '--use-webgpu-adapter=swiftshader'],
];
const types: Record<string, string> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

const tried = models
  .filter(([name]) => ['a GPT-2 with a tied head', 'a Llama with grouped heads'].includes(name))
  .map(([name, model]) => ({ name, folder: name.replaceAll(' ', '-'), model }));
const text = [3, 14, 15, 9, 26, 5];
const newTokens = 8;

describe.skipIf(!isPossible)('in a browser, transformers.js', () => {
  let root: string;
  let server: Server;
  let browser: Browser;
  let page: Page;
  const requests: string[] = [];

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'tsgpt-browser-'));
    for (const { folder, model } of tried) await exportOnnx(join(root, folder), { model }, { dtypes: onnxDtypes });
    const folders: Record<string, string> = {
      models: root,
      transformers: join(packages, '@huggingface', 'transformers', 'dist'),
      onnxruntime: join(packages, 'onnxruntime-web', 'dist'),
      test: dirname(fileURLToPath(import.meta.url)),
    };
    server = createServer(async ({ url }, response) => {
      const [, top = '', ...path] = decodeURIComponent(new URL(url!, 'http://localhost').pathname).split('/');
      if (top === '') return response.end('<script type="module" src="/test/transformers-js-page.js"></script>');
      const contents = folders[top] && (await readFile(join(folders[top], ...path)).catch(() => undefined));
      if (!contents) return response.writeHead(404).end();
      const type = types[extname(path.at(-1)!)] ?? 'application/octet-stream';
      return response.writeHead(200, { 'content-type': type }).end(contents);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    browser = await chromium.launch({ executablePath, args: flags });
    page = await browser.newPage();
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(origin());
    await page.waitForFunction('globalThis.write');
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await rm(root, { recursive: true });
  });
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  const check = async ({ folder, model }: (typeof tried)[number], device: string, dtype: OnnxDtype) => {
    await using decoder = new Decoder(model, dtype === 'fp32' ? {} : { quantize: dtype });
    const [logits] = await decoder.append(decoder.createCache(), [text]);
    const request = JSON.stringify({ name: folder, device, dtype, ids: text, newTokens });
    const theirs: { logits: number[]; tokens: number[] } = await page.evaluate(`write(${request})`);

    const error = Math.max(...theirs.logits.map((logit, i) => Math.abs(logit - logits![i]!)));
    const spread = Math.max(...logits!) - Math.min(...logits!);
    // With weights of few bits we also round the numbers they are multiplied by, which other engines need not do.
    expect(error / spread).toBeLessThan(dtype === 'fp32' ? 1e-5 : 0.03);
    if (dtype !== 'fp32') return;
    const ours: number[] = [];
    for await (const { id } of generateTokens(decoder, text, { temperature: 0, maxTokens: newTokens })) ours.push(id);
    expect(theirs.tokens).toEqual(ours);
  };

  describe.each(tried)('writes with $name', (entry) => {
    it.each(onnxDtypes)('what we write, by WebAssembly, with weights as %s', (dtype) => check(entry, 'wasm', dtype));

    const dtype = entry.model.family === 'gpt2' ? 'fp32' : 'q4'; // software is slow at it
    it(`what we write, by WebGPU, with weights as ${dtype}`, { timeout: 120_000 }, async ({ skip }) => {
      if (!(await page.evaluate('hasGraphics()'))) skip('there is no WebGPU here');
      await check(entry, 'webgpu', dtype);
    });
  });

  it('needs nothing from elsewhere', () => {
    expect(requests.length).toBeGreaterThan(5);
    expect(requests.filter((url) => !url.startsWith(origin()) && !url.startsWith('blob:'))).toEqual([]);
  });
});
