import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cosineSchedule } from '../../../src/train/schedule.ts';

const schedule = { steps: 100, learningRate: 1e-3, minLearningRate: 1e-4, warmupSteps: 10 };

describe('cosineSchedule', () => {
  it('rises in equal parts, reaches the highest rate after the warm-up, and ends at the lowest', () => {
    expect(cosineSchedule(schedule)(0)).toBeCloseTo(1e-3 / 11, 12);
    expect(cosineSchedule(schedule)(9)).toBeCloseTo((1e-3 * 10) / 11, 12);
    expect(cosineSchedule(schedule)(10)).toBe(1e-3);
    expect(cosineSchedule(schedule)(55)).toBeCloseTo(5.5e-4, 12);
    expect(cosineSchedule(schedule)(99)).toBeGreaterThan(1e-4);
    expect(cosineSchedule(schedule)(100)).toBe(1e-4);
    expect(cosineSchedule(schedule)(1000)).toBe(1e-4);
  });

  it('starts at the highest rate without a warm-up', () => {
    expect(cosineSchedule({ ...schedule, warmupSteps: 0 })(0)).toBe(1e-3);
  });

  it('rises over the warm-up, then only falls, and never leaves its bounds', () => {
    const schedules = fc.record({
      steps: fc.integer({ min: 1, max: 200 }),
      warmupSteps: fc.integer({ min: 0, max: 250 }),
      learningRate: fc.double({ min: 1e-5, max: 1, noNaN: true }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(schedules, ({ share, ...rest }) => {
        const minLearningRate = share * rest.learningRate;
        const at = cosineSchedule({ ...rest, minLearningRate });
        const epsilon = 1e-12;
        for (let step = 0; step < rest.steps; step++) {
          expect(at(step)).toBeGreaterThan(-epsilon);
          expect(at(step)).toBeLessThanOrEqual(rest.learningRate * (1 + epsilon));
          if (step + 1 === rest.steps) break;
          if (step + 1 <= rest.warmupSteps) expect(at(step + 1)).toBeGreaterThan(at(step));
          else expect(at(step + 1)).toBeLessThanOrEqual(at(step) * (1 + epsilon) + epsilon);
        }
      }),
      { seed: 20260701 },
    );
  });
});
