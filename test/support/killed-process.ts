// A program that resumes the run in the given folder and is killed when it flushes a file for the n-th time.
import { open } from 'node:fs/promises';
import { trainInFolder } from '../../src/disk/run/index.ts';
import { resumedRun } from './tiny-run.ts';

const [folder, flushes] = process.argv.slice(2) as [string, string];
const probe = await open(folder);
const methods = Object.getPrototypeOf(probe) as typeof probe;
await probe.close();
const flush = methods.sync;
let left = Number(flushes);
methods.sync = function () {
  if (left-- === 0) process.kill(process.pid, 'SIGKILL');
  return flush.call(this);
};

for await (const { step } of trainInFolder(await resumedRun(folder))) if (step === 5) break;
