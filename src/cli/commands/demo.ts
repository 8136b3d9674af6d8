import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { bundledNovelPath } from '../../disk/bundled.ts';
import { loadCheckpoint } from '../../disk/run/index.ts';
import { generate } from '../../generate/index.ts';
import { wholeNumber } from '../flags.ts';
import { interruptible } from '../interrupt.ts';
import { programName } from '../program-name.ts';
import { itemsText } from '../table.ts';
import { columnsOf } from '../terminal.ts';
import { trainingRun } from '../training-runs.ts';
import { stopping, trainAndShow } from './train.ts';

/** The whole workflow at a small size, in about two minutes; `npm start` runs it. */
export function demoCommand(): Command {
  return new Command('demo')
    .summary('train on a bundled novel for two minutes and write with it')
    .option('--steps <n>', 'number of training steps', wholeNumber, 2400)
    .action(async ({ steps }: { steps: number }) => {
      const folder = freeFolder('runs/demo');
      console.log('A small GPT reads Pride and Prejudice, letter by letter, starting from nothing.\n');
      const flags = {
        out: folder,
        preset: 'char-small',
        model: {},
        steps,
        evalInterval: Math.max(1, Math.ceil(steps / 6)),
        prompt: 'Elizabeth ',
        sampleTokens: 140,
      };
      await interruptible(stopping, async (signal, hurry) => {
        await trainAndShow({ ...(await trainingRun([bundledNovelPath()], flags, signal)), hurry });
        if (!signal.aborted) await showOff(folder);
        console.log(nextSteps(folder));
      });
    });
}

async function showOff(folder: string): Promise<void> {
  const { model, tokenizer } = await loadCheckpoint(folder);
  console.log('\nA paragraph it wrote:\n');
  process.stdout.write('Elizabeth ');
  const options = { maxTokens: 500, temperature: 0.6, seed: 1 };
  for await (const piece of generate(model, tokenizer, 'Elizabeth ', options)) process.stdout.write(piece);
  console.log('\n');
}

function nextSteps(folder: string): string {
  const tsgpt = programName();
  const items = [
    [`${tsgpt} generate ${folder} --prompt "Mr. Darcy "`, 'let it continue your words'],
    [`${tsgpt} train --resume --out ${folder} --steps 5000`, 'let it learn for longer'],
    [`${tsgpt} train your-text.txt --out runs/mine`, 'train one on a text of your own'],
  ] as const;
  return `Three things to try next:\n${itemsText(items, columnsOf(), '  ')}`;
}

/** `name`, or `name-2`, `name-3`, ... if that exists: no run overwrites another. */
function freeFolder(name: string): string {
  for (let i = 1; ; i++) {
    const folder = i === 1 ? name : `${name}-${i}`;
    if (!existsSync(folder)) return folder;
  }
}
