import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { decodingProfileText, trainingProfileText } from '../../../src/cli/profile-text.ts';
import type { Profile } from '../../../src/profile/index.ts';

const training: Profile = {
  step: 'training',
  tokens: 1024,
  runtime: 'onnxruntime-node (cpu, 2 threads)',
  steps: { count: 3, median: 2312.4, best: 2290 },
  profiledStep: 2400,
  profiledSteps: 3,
  inOperators: 2300,
  betweenOperators: 60,
  outsideEngine: 40,
  layers: [
    { path: 'blocks.11.attention.query+key+value', kind: 'attention: projections', forward: 300, backward: 600 },
    { path: '', kind: 'everything else', forward: 0.5, backward: 0 },
    { path: undefined, kind: 'everything else', forward: 0.25, backward: 0 },
  ],
  layerKinds: [
    { kind: 'attention: projections', forward: 300, backward: 600 },
    { kind: 'optimizer', forward: 1400, backward: 0 },
  ],
  operations: [
    { kind: 'matrix products', count: 148, milliseconds: 900, flops: 90e9 },
    { kind: 'optimiser update', count: 4266, milliseconds: 1400, flops: 0 },
  ],
  operators: [],
  flops: 90e9,
  matrixRate: { size: 1024, flopsPerSecond: 200e9 },
  memory: [
    { purpose: 'weights', bytes: 2 ** 29 },
    { purpose: 'other arrays of JavaScript', bytes: 200 },
  ],
};
const sizes = { batchSize: 4, windowLength: 256, gradientAccumulation: 1 };
const decoding = {
  prefill: { ...training, step: 'prefill', tokens: 512 },
  token: {
    ...training,
    step: 'token',
    tokens: 1,
    steps: { count: 50, median: 12.5, best: 12 },
    profiledStep: 13,
    operations: [{ kind: 'look-ups', count: 3, milliseconds: 0.031, flops: 0 }],
  },
  weightBytes: 500e6,
} as const;

describe('the text of a profile', () => {
  it('has rates and shares', () => {
    const text = trainingProfileText(training, sizes, { width: undefined });
    expect(text).toContain(
      'A training step of 4 windows of 256 tokens: 2,312 ms (median of 3; best 2,290 ms), 443 tokens a second.',
    );
    expect(text).toContain('at 200 GFLOP/s; at that rate, the matrix products would take 19.5% of the time.');
    expect(text).toMatch(/attention: projections +│ +300 │ +600 │ +900 │ +37\.5 │/);
    expect(text).toMatch(/optimizer +│ +1,400 │ +│ +1,400 │ +58\.3 │/);
    expect(text).toMatch(/engine, between operators +│ +│ +│ +60\.0 │ +2\.5 │/);
    expect(text).toMatch(/all +│ +│ +│ +2,400 │ +100\.0 │/);
    expect(text).toMatch(/matrix products +│ +148 │ +900 │ +37\.5 │ +100 │ +50\.0% │/);
    expect(text).toContain('512.0 MiB');
    expect(text).not.toContain('other arrays'); // too few to tell
    expect(text).not.toContain('blocks.11');
    expect(trainingProfileText(training, { ...sizes, gradientAccumulation: 8 }, { width: undefined })).toContain('8 × 4 windows'); // biome-ignore format: one line
  });

  it('shows a prompt and a token side by side, also what only one of them has', () => {
    const text = decodingProfileText(decoding, { quantize: 'q8', width: undefined });
    expect(text).toContain('Writing a token: 12.5 ms (median of 50; best 12.0 ms), 80.0 tokens a second; for it, 476.8 MiB of q8 weights are read, 40.0 GB/s.'); // biome-ignore format: one line
    expect(text).toMatch(/matrix products +│ +900 │ +37\.5 │ +100 │ +50\.0% │ +│ +│/);
    expect(text).toMatch(/look-ups +│ +│ +│ +│ +│ +0\.031 │ +0\.2 │/);
  });

  it('names every layer', () => {
    for (const text of [
      trainingProfileText(training, sizes, { width: undefined, layers: true }),
      decodingProfileText(decoding, { width: undefined, layers: true }),
    ]) {
      for (const name of ['blocks.11.attention.query+key+value', 'the model itself', 'everything else']) expect(text).toContain(`│ ${name} `); // biome-ignore format: one line
    }
  });

  it.each([200, 100, 80, 60, 40, 20])('fits in %i columns', (width) => {
    const texts = [trainingProfileText(training, sizes, { width, layers: true }), decodingProfileText(decoding, { width, layers: true })]; // biome-ignore format: one line
    for (const line of texts.join('\n').split('\n')) expect(stringWidth(line), line).toBeLessThanOrEqual(width);
  });
});
