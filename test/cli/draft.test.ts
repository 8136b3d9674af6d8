import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectSentence, temporaryFolder, textFile, tiny, trainedFolder, tsgpt } from '../support/run-cli.ts';

describe('generate with a draft', () => {
  it('writes what it writes without, faster or not', async () => {
    const run = await trainedFolder('--seed', '1');
    const smaller = await trainedFolder('--context-length', '32', '--seed', '9');
    const options = ['--prompt', 'the cat', '--temperature', '0', '--max-tokens', '60', '--samples', '2'];
    const plain = await tsgpt('generate', run, ...options);
    expect(plain.code).toBe(0);
    for (const flags of [['--lookup'], ['--draft', smaller]]) {
      expect(await tsgpt('generate', run, ...options, ...flags)).toEqual(plain);
    }
  });

  it('tells what cannot be a draft', async () => {
    const run = await trainedFolder();
    expectSentence(await tsgpt('generate', run, '--lookup', '--draft', run), 'give --lookup or --draft, not both');
    const other = join(temporaryFolder(), 'run');
    expect((await tsgpt('train', textFile('other characters! '.repeat(60)), '--out', other, ...tiny)).code).toBe(0);
    expectSentence(await tsgpt('generate', run, '--draft', other), `${other} has other tokens than ${run}`);
    expectSentence(await tsgpt('generate', run, '--draft', run), 'a draft needs a context of more than 16 tokens');
  });
});
