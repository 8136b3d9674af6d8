// A program that goes on with the run in a folder, or starts it, and writes a line after each step. With a third argument it learns from the mixture
// in that folder.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { trainInFolder } from '../../src/disk/run/index.ts';
import { newMixtureRun, openMixture } from './mixture-run.ts';
import { newRun, resumedRun } from './tiny-run.ts';

const [folder, json, mixtureFolder] = process.argv.slice(2) as [string, string, string | undefined];
const changes = JSON.parse(json);
const mixture = mixtureFolder === undefined ? undefined : await openMixture(mixtureFolder);
const start = () => (mixture ? newMixtureRun(folder, mixture, changes) : newRun(folder, changes));
const isStarted = existsSync(join(folder, 'last.json'));
for await (const { step } of trainInFolder(isStarted ? await resumedRun(folder, mixture) : start())) console.log(step);
