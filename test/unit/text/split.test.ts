import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { splitTrainValidation } from '../../../src/text/split.ts';

describe('splitTrainValidation', () => {
  it('keeps the last tenth for validation, as nanoGPT does', () => {
    // Tiny Shakespeare's length and the sizes nanoGPT reports for it.
    const { train, validation } = splitTrainValidation(new Uint16Array(1_115_394));
    expect([train.length, validation.length]).toEqual([1_003_854, 111_540]);
  });

  it('takes views that together are the text', () => {
    fc.assert(
      fc.property(
        fc.uint16Array(),
        fc.double({ min: 0, max: 1, minExcluded: true, maxExcluded: true, noNaN: true }),
        (ids, fraction) => {
          const { train, validation } = splitTrainValidation(ids, fraction);
          expect([...train, ...validation]).toEqual([...ids]);
          expect(train.buffer).toBe(ids.buffer);
          expect(validation.buffer).toBe(ids.buffer);
        },
      ),
    );
  });

  it.each([0, 1, -0.1, 10, Number.NaN])('refuses the fraction %d', (fraction) => {
    expect(() => splitTrainValidation(new Uint16Array(10), fraction)).toThrow(TsgptError);
    expect(() => splitTrainValidation(new Uint16Array(10), fraction)).toThrow(`but is ${fraction}`);
  });
});
