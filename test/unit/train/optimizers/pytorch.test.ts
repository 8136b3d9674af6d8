import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Parameter, zerosInit } from '../../../../src/nn/index.ts';
import { AdamW, clipScale, type Optimizer, SGD } from '../../../../src/train/index.ts';

/** Clipped steps of PyTorch's optimizers, recorded by test/support/fixtures/make-torch-optimizers.py. */
interface Recording {
  torch: string;
  maxNorm: number;
  shapes: Record<string, number[]>;
  cases: {
    optimizer: 'sgd' | 'adamw';
    options: { momentum?: number; nesterov?: boolean; weight_decay?: number; betas?: [number, number]; eps?: number };
    start: Record<string, number[]>;
    steps: {
      learningRate: number;
      norm: number;
      gradients: Record<string, number[]>;
      values: Record<string, number[]>;
    }[];
  }[];
}

const { cases, shapes, maxNorm }: Recording = JSON.parse(
  readFileSync('test/support/fixtures/torch-optimizers.json', 'utf8'),
);

describe('PyTorch makes the same steps', () => {
  it.each(cases.map((recorded) => [recorded.optimizer, JSON.stringify(recorded.options), recorded] as const))(
    '%s with %s',
    async (name, _, { options: { weight_decay: weightDecay = 0, ...others }, start, steps }) => {
      const parameters = new Map(
        Object.entries(shapes).map(([path, shape]) => [path, new Parameter(shape, zerosInit)] as const),
      );
      for (const [path, { value }] of parameters) value.set(start[path]!);
      const options = { ...others, weightDecay };
      const optimizer: Optimizer = name === 'sgd' ? new SGD(parameters, options) : new AdamW(parameters, options);
      for (const { learningRate, norm, gradients, values } of steps) {
        for (const [path, gradient] of optimizer.gradients) gradient.set(gradients[path]!);
        const found = await optimizer.gradientNorm();
        expect(found).toBeCloseTo(norm, 5);
        await optimizer.update({ learningRate, gradientScale: clipScale(found, maxNorm) });
        for (const [path, { value }] of parameters) {
          value.forEach((x, i) => {
            expect(Math.abs(x - values[path]![i]!)).toBeLessThan(1e-6);
          });
        }
      }
      expect(optimizer.step).toBe(steps.length);
    },
  );
});
