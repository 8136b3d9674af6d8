import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const isAsked = process.env.TSGPT_LARGE_TESTS === '1';

/** What `gpt2-small-process.ts` measures. */
interface Measurement {
  losses: number[];
  peakBytes: number;
}

it.skipIf(!isAsked)(
  'GPT-2 small takes training steps of 4 windows of 256 tokens within 5.5 GB (with TSGPT_LARGE_TESTS=1)',
  () => {
    const script = fileURLToPath(new URL('../support/gpt2-small-process.ts', import.meta.url));
    const output = execFileSync(process.execPath, ['--import', 'tsx', script], { encoding: 'utf8' });
    const { losses, peakBytes } = JSON.parse(output) as Measurement;
    console.log(`losses ${losses.map((loss) => loss.toFixed(3)).join(', ')}; peak ${(peakBytes / 1e9).toFixed(2)} GB`);

    expect(losses).toHaveLength(3);
    expect(losses.every(Number.isFinite)).toBe(true);
    // At first every token is about as likely as any other; then the model learns the same windows.
    expect(Math.abs(losses[0]! - Math.log(50257))).toBeLessThan(0.5);
    expect(losses[2]).toBeLessThan(losses[0]!);
    expect(peakBytes).toBeLessThan(5.5e9);
  },
  600_000,
);
