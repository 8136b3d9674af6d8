import { expect, it } from 'vitest';
import { outOfMemory } from '../../../src/core/out-of-memory.ts';
import { runScript } from '../../support/run-script.ts';

it('an engine without memory says so in one sentence, and prints nothing', async () => {
  const { value } = await runScript<string>(
    { 'tensor/index.ts': 'tensor' },
    `const huge = tensor([1, 2]).reshape([2, 1]).expand([2, 2 ** 40]).add(1).sum(); // 8 TiB
     return huge.item().then(String, ({ name, message }) => name + ': ' + message);`,
  );
  expect(value).toBe(
    'TsgptError: there is not enough memory for an array of 8192.0 GiB; use smaller batches, shorter texts or windows, or a smaller model',
  );
});

it('JavaScript without memory, too', () => {
  for (const make of [
    () => new Float32Array(2 ** 53),
    () => new ArrayBuffer(2 ** 52),
    () => new Array(-1),
    () => 'x'.repeat(2 ** 30),
  ]) {
    try {
      make();
      expect.unreachable();
    } catch (error) {
      expect(outOfMemory(error)?.message).toMatch(/^there is not enough memory for an array; /);
    }
  }
  expect(outOfMemory(new Error('something else'))).toBeUndefined();
  expect(outOfMemory('std::bad_alloc')?.message).toContain('not enough memory');
});
