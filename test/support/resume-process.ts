// A program that finishes the run in the folder it is given.
import { trainInFolder } from '../../src/disk/run/index.ts';
import { resumedRun } from './tiny-run.ts';

for await (const _ of trainInFolder(await resumedRun(process.argv[2]!)));
