import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

describe('the README', () => {
  it('shows the example as it stands in examples/', () => {
    const [, code] = /```ts\n([\s\S]*?)```/.exec(readFileSync('README.md', 'utf8'))!;
    expect(code).toBe(readFileSync('examples/quick-start.ts', 'utf8'));
    expect(code!.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
  });

  it('has an example that runs on the built package and learns its sentence', () => {
    const output = execFileSync(process.execPath, ['--import', 'tsx', 'examples/quick-start.ts'], { encoding: 'utf8' });
    expect(output).toMatch(/step 0: loss 3\.\d+\nstep 200: loss 0\.\d+\n/);
    expect(output.endsWith(' brown fox jumps over the lazy dog.')).toBe(true);
  });
});
