import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  constantSchedule,
  cosineSchedule,
  linearSchedule,
  type ScheduleName,
  scheduleNamed,
  schedules,
  wsdSchedule,
} from '../../../src/train/schedule.ts';

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
});

describe('linearSchedule', () => {
  it('falls in equal parts after the warm-up', () => {
    const at = linearSchedule(schedule);
    expect(at(0)).toBeCloseTo(1e-3 / 11, 12);
    expect(at(10)).toBeCloseTo(1e-3, 12);
    expect(at(55)).toBeCloseTo(5.5e-4, 12);
    expect(at(20) - at(21)).toBeCloseTo(at(90) - at(91), 12);
    expect([at(100), at(1000)]).toEqual([1e-4, 1e-4]);
  });
});

describe('wsdSchedule', () => {
  it('stays at the highest rate, and falls in equal parts at the end', () => {
    const at = wsdSchedule({ ...schedule, decaySteps: 30 });
    expect(at(9)).toBeCloseTo((1e-3 * 10) / 11, 12);
    for (const step of [10, 40, 69]) expect(at(step)).toBe(1e-3);
    expect(at(70)).toBeCloseTo(1e-3, 12);
    expect(at(85)).toBeCloseTo(5.5e-4, 12);
    expect([at(100), at(1000)]).toEqual([1e-4, 1e-4]);
  });

  it('falls over the last fifth, unless another number is given', () => {
    const at = wsdSchedule(schedule);
    expect([at(79), at(81) < 1e-3]).toEqual([1e-3, true]);
    expect(at(90)).toBeCloseTo(5.5e-4, 12);
  });

  it('has the same rates in a longer run, until the decay', () => {
    const [short, long] = [100, 200].map((steps) => wsdSchedule({ ...schedule, steps }));
    for (let step = 0; step < 80; step++) expect(long!(step)).toBe(short!(step));
  });
});

describe('constantSchedule', () => {
  it('only warms up', () => {
    const at = constantSchedule({ learningRate: 1e-3, warmupSteps: 10 });
    expect(at(0)).toBeCloseTo(1e-3 / 11, 12);
    expect([at(10), at(1e6)]).toEqual([1e-3, 1e-3]);
  });
});

describe.each(Object.keys(schedules) as ScheduleName[])('the schedule %s', (name) => {
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
        const at = scheduleNamed(name, { ...rest, minLearningRate });
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
