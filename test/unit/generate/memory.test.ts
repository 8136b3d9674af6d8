import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveGguf, savePretrained } from '../../../src/disk/pretrained.ts';
import { saveCheckpoint } from '../../../src/disk/run/index.ts';
import { GPT2 } from '../../../src/models/index.ts';
import { Random } from '../../../src/random/random.ts';
import { CharTokenizer } from '../../../src/tokenizer/index.ts';

const root = mkdtempSync(join(tmpdir(), 'tsgpt-memory-'));
const run = join(root, 'run');
const folder = join(root, 'published');
const gguf = join(root, 'model.gguf');

/** A model of 7 MiB, so that one that is not freed shows: the memory in use is some 130 MiB. */
beforeAll(async () => {
  const shape = { contextLength: 64, embDim: 192, nHeads: 4, nLayers: 4, dropRate: 0, qkvBias: true, tiedHead: true };
  const tokenizer = new CharTokenizer('abcdefghijklmnopqrstuvwxyz');
  const model = new GPT2({ ...shape, vocabSize: tokenizer.vocabSize }, new Random(1));
  await saveCheckpoint(run, ['best'], { model, tokenizer, step: 0 });
  await savePretrained(folder, { model });
  await saveGguf(gguf, { model });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The memory in use in each of 50 loads, in MiB. */
function memoryOfLoads(source: string, path: string, disposal: string): number[] {
  const script = 'test/support/memory-process.ts';
  // Freed memory goes back to the system at once if the allocator (glibc) can be told to; otherwise it keeps a varying amount, which
  // would count as held. V8 must also not double its space for new objects now and then, or compile what runs often.
  const env = { ...process.env, MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_ARENA_MAX: '1' };
  const still = ['--max-semi-space-size=1', '--no-opt', '--no-sparkplug'];
  const flags = ['--expose-gc', ...still, '--import', 'tsx'];
  const output = execFileSync(process.execPath, [...flags, script, source, path, disposal], { encoding: 'utf8', env });
  return JSON.parse(output.trim().split('\n').at(-1)!);
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe('a model that is loaded and used fifty times', () => {
  it.each([
    ['a run', 'dispose', 1.05, 'run', run],
    ['a folder', 'using', 1.05, 'published', folder],
    ['a GGUF file', 'dispose', 1.05, 'published', gguf],
    // Without being told, the garbage collector decides when.
    ['a run', 'forget', 1.2, 'run', run],
  ])('from %s and freed by %s leaves no memory behind', (_, disposal, growth, source, path) => {
    const memory = memoryOfLoads(source, path, disposal);
    expect(memory).toHaveLength(50);
    const [early, late] = [mean(memory.slice(4, 9)), mean(memory.slice(45))];
    console.log(`${early.toFixed(1)} MiB became ${late.toFixed(1)}`);
    expect(late).toBeLessThan(growth * early);
  });
});
