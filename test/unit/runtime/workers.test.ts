import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

/** A worker must not be terminated while the engine computes, which would end the whole process: it is asked to stop, and ends by itself. */
const worker = `
  import { parentPort } from 'node:worker_threads';
  import { Decoder, GPT2, generateTokens } from 'tsgpt';
  const model = new GPT2({ vocabSize: 64, contextLength: 512, embDim: 64, nHeads: 4, nLayers: 2 });
  const decoder = new Decoder(model);
  const controller = new AbortController();
  parentPort.once('message', () => controller.abort());
  let written = 0;
  try {
    for await (const _ of generateTokens(decoder, [1], { maxTokens: 100_000, signal: controller.signal })) {
      if (++written === 3) parentPort.postMessage('is writing');
    }
  } finally {
    await decoder.dispose();
  }
  parentPort.postMessage({ written, stopped: controller.signal.aborted });`;

const program = `
  import { Worker } from 'node:worker_threads';
  import { tensor } from 'tsgpt';
  const worker = new Worker(process.env.WORKER, { execArgv: [] });
  worker.on('message', (message) => {
    if (message === 'is writing') worker.postMessage('stop');
    else console.log(JSON.stringify(message));
  });
  worker.on('exit', async (code) => {
    // The process lives on, and computes.
    console.log(JSON.stringify({ code, values: await tensor([1, 2]).mul(2).array() }));
  });`;

describe('a worker thread', () => {
  it('stops by a signal while it writes, disposes of its decoder and ends', () => {
    // Beside node_modules, so that it finds the package.
    const folder = resolve('runs', `worker-${process.pid}`);
    mkdirSync(folder, { recursive: true });
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'worker.mjs');
    writeFileSync(file, worker);
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      env: { ...process.env, WORKER: file },
    });
    expect([stderr, status]).toEqual(['', 0]);
    const [result, end] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(result).toEqual({ written: expect.any(Number), stopped: true });
    expect(result.written).toBeLessThan(100_000);
    expect(end).toEqual({ code: 0, values: [2, 4] });
  });
});
