import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hasShared, shared } from '../support/shared.ts';

describe('the README', () => {
  it('shows the examples as they stand in examples/', () => {
    const blocks = [...readFileSync('README.md', 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
    const files = ['quick-start.ts', 'published-model.ts'].map((file) => readFileSync(`examples/${file}`, 'utf8'));
    expect(blocks).toEqual(files);
    expect(blocks[0]!.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
  });

  it('needs no casts of tensors and their elements, nor do the examples and lessons', () => {
    const scripts = ['examples', 'lessons'].flatMap((folder) => readdirSync(folder).map((file) => `${folder}/${file}`));
    for (const file of ['README.md', ...scripts.filter((script) => /\/[\w-]+\.ts$/.test(script))]) {
      expect(readFileSync(file, 'utf8'), file).not.toMatch(/ as (?:\[?number|unknown|any|\w*Array|Tensor)\b/);
    }
  });

  it.skipIf(!hasShared)('has an example that runs with a published model', async () => {
    const model = shared('models', 'tinystories-chat-3m-as-gpt2');
    const args = ['--import', 'tsx', 'examples/published-model.ts', model];
    const output = execFileSync(process.execPath, args, { encoding: 'utf8' });
    expect(output).toMatch(/^Once upon a time,? there was .*\nblocks\.7 +"/s);
  });

  it('has an example that runs on the built package and learns its sentence', () => {
    const output = execFileSync(process.execPath, ['--import', 'tsx', 'examples/quick-start.ts'], { encoding: 'utf8' });
    expect(output).toMatch(/step 0: loss 3\.\d+\nstep 200: loss 0\.\d+\n/);
    expect(output.endsWith(' brown fox jumps over the lazy dog.')).toBe(true);
  });
});
