import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/tiny.ts';

/** Runs an example on the built package, as a user would. Returns what it prints. */
function run(example: string, ...args: string[]): string {
  return execFileSync(process.execPath, ['--import', 'tsx', `examples/${example}`, ...args], { encoding: 'utf8' });
}

describe('a variation of GPT-2', () => {
  it('trains, saves, resumes and writes', () => {
    const output = run('own-model.ts', join(temporaryFolder(), 'run'));
    expect(output).toMatch(/^step 0: loss 3\.\d+\nstep 100: loss \d\.\d+\nstep 200: loss 0\.\d+\n/);
    expect(output.endsWith(' brown fox jumps over the lazy dog.')).toBe(true);
  });

  it('takes under 60 lines', () => {
    expect(readFileSync('examples/own-model.ts', 'utf8').trimEnd().split('\n').length).toBeLessThan(60);
  });
});

describe('training by hand', () => {
  it('learns by the simplest rule, and better by AdamW', () => {
    const output = run('training-by-hand.ts');
    const losses = [...output.matchAll(/loss (\d\.\d+)/g)].map(([, loss]) => Number(loss));
    expect(losses).toHaveLength(4);
    expect(losses[1]).toBeLessThan(1.5);
    expect(losses[3]).toBeLessThan(0.2);
  });

  it('is explained by a page that shows the code as it stands in the example', () => {
    const example = readFileSync('examples/training-by-hand.ts', 'utf8');
    const page = readFileSync('docs/training-by-hand.md', 'utf8');
    const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
    expect(blocks).toHaveLength(4);
    for (const block of blocks) expect(example).toContain(block);
  });
});
