import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GPT2 } from '../../../src/models/index.ts';
import { Random } from '../../../src/random/random.ts';
import { CharTokenizer } from '../../../src/tokenizer/index.ts';
import { saveCheckpoint } from '../../../src/train/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'tsgpt-memory-'));

/** A model of 13 MiB, so that one that is not freed shows. */
beforeAll(async () => {
  const shape = { contextLength: 64, embDim: 256, nHeads: 4, nLayers: 4, dropRate: 0, qkvBias: false, tiedHead: true };
  const tokenizer = new CharTokenizer('abcdefghijklmnopqrstuvwxyz');
  const model = new GPT2({ ...shape, vocabSize: tokenizer.vocabSize }, new Random(1));
  await saveCheckpoint(folder, ['best'], { model, tokenizer, step: 0 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The memory held after each of 50 loads, in MiB. */
function heldAfterLoads(disposal: string): number[] {
  const script = 'test/unit/generate/memory-process.ts';
  // What is freed goes back to the system at once, where the allocator can be told (glibc): otherwise it keeps some, now more, now
  // less, and that would count as held.
  const env = { ...process.env, MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_ARENA_MAX: '1' };
  const output = execFileSync(process.execPath, ['--expose-gc', '--import', 'tsx', script, folder, disposal], {
    encoding: 'utf8',
    env,
  });
  return JSON.parse(output.trim().split('\n').at(-1)!);
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe('a model that is loaded and used fifty times', () => {
  it.each([
    ['dispose', 1.05],
    ['using', 1.05],
    // Without being told, the garbage collector decides when.
    ['forget', 1.2],
  ])('and freed by %s leaves no memory behind', (disposal, growth) => {
    const held = heldAfterLoads(disposal);
    expect(held).toHaveLength(50);
    expect(mean(held.slice(45))).toBeLessThan(growth * mean(held.slice(4, 9)));
  });
});
