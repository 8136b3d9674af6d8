import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(resolve('interop/package.json'));

/** node-llama-cpp, which is in interop/. */
export const nodeLlamaCpp = await import(pathToFileURL(require.resolve('node-llama-cpp')).href);

/** Loads a GGUF file into llama.cpp, without a GPU and without a word. */
export async function loadLlama(path) {
  const { getLlama, LlamaLogLevel } = nodeLlamaCpp;
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.error,
  });
  return llama.loadModel({ modelPath: resolve(path) });
}
