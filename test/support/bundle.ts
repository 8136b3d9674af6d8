import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** What a program becomes when it is bundled for browsers. */
export interface Bundle {
  readonly text: string;
  readonly bytes: number;
  readonly gzippedBytes: number;
  /** Modules that are imported from outside. */
  readonly external: readonly string[];
  /** The bytes of each folder of ours and of each package, the largest first. */
  readonly parts: readonly (readonly [name: string, bytes: number])[];
}

const root = new URL('../..', import.meta.url).pathname;

/** Bundles TypeScript text as a reader's program that has tsgpt installed. Throws if something is missing in browsers. */
export async function bundleForBrowser(
  contents: string,
  format: 'esm' | 'iife' = 'esm',
  globalName?: string,
): Promise<Bundle> {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    platform: 'browser',
    format,
    globalName,
    target: 'es2022',
    minify: true,
    write: false,
    metafile: true,
    logLevel: 'silent',
    absWorkingDir: root,
  });
  const [output] = Object.values(metafile.outputs);
  const parts = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.entries(output!.inputs)) {
    const name = partOf(path);
    parts.set(name, (parts.get(name) ?? 0) + bytesInOutput);
  }
  const { text, contents: bytes } = outputFiles[0]!;
  return {
    text,
    bytes: bytes.length,
    gzippedBytes: gzipSync(bytes).length,
    external: output!.imports.filter(({ external }) => external).map(({ path }) => path),
    parts: [...parts].filter(([, size]) => size > 0).sort(([, a], [, b]) => b - a),
  };
}

/** `gpt-tokenizer` for a file of that package, `tensor` for one of ours. */
function partOf(path: string): string {
  const [, installed] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
  const [, own] = /^(?:src|dist)\/([^/]+)\//.exec(path) ?? [];
  return installed ?? own ?? path;
}

/** The exports of the package by name: `tsgpt`, `tsgpt/nn` and so on. */
export function packageExports(): string[] {
  const { exports } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  return Object.keys(exports).map((path) => path.replace('.', 'tsgpt'));
}
