import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MinHeap } from '../../../src/tokenizer/min-heap.ts';

describe('MinHeap', () => {
  it('gives the smallest entry at any time', () => {
    // A number is pushed, null pops.
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(20))), (steps) => {
        const heap = new MinHeap();
        const sorted: number[] = [];
        for (const step of steps) {
          if (step === null) {
            expect(heap.pop()).toBe(sorted.shift());
          } else {
            heap.push(step);
            sorted.push(step);
            sorted.sort((a, b) => a - b);
          }
        }
        for (const entry of sorted) expect(heap.pop()).toBe(entry);
        expect(heap.pop()).toBeUndefined();
      }),
    );
  });
});
