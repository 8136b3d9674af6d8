// A program that goes on with the run in a folder, or starts it, and writes a line after each step.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { trainInFolder } from '../../src/disk/run/index.ts';
import { newRun, resumedRun } from './tiny-run.ts';

const [folder, changes] = process.argv.slice(2) as [string, string];
const isStarted = existsSync(join(folder, 'last.json'));
const run = isStarted ? await resumedRun(folder) : newRun(folder, JSON.parse(changes));
for await (const { step } of trainInFolder(run)) console.log(step);
