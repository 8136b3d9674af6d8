import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StopFilter } from '../../../src/generate/stop-filter.ts';

/** The text before the first place where a stop string begins. */
function cut(text: string, stops: readonly string[]): string {
  const places = stops.filter((stop) => stop !== '').map((stop) => text.indexOf(stop));
  return text.slice(0, Math.min(text.length, ...places.filter((place) => place >= 0)));
}

/** The pieces that come out: one for each piece that goes in, and one at the end. */
function filtered(pieces: readonly string[], stops: readonly string[]): string[] {
  const filter = new StopFilter(stops);
  return [...pieces.map((piece) => filter.push(piece)), filter.end()];
}

describe('StopFilter', () => {
  it('passes on the text before the first stop string, however it is cut into pieces', () => {
    // Two letters only, so that stop strings begin, fail, overlap and contain each other all the time.
    const letters = (minLength: number, maxLength: number) =>
      fc.string({ unit: fc.constantFrom('a', 'b'), minLength, maxLength });
    fc.assert(
      fc.property(
        fc.array(letters(0, 4), { maxLength: 12 }),
        fc.array(letters(0, 5), { maxLength: 3 }),
        (pieces, stops) => {
          expect(filtered(pieces, stops).join('')).toBe(cut(pieces.join(''), stops));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('holds back no more than what may be the beginning of a stop string', () => {
    expect(filtered(['one', ' E', 'N', 'E', 'ND', ' two'], ['END'])).toEqual(['one', ' ', '', 'EN', '', '', '']);
    expect(filtered(['one', ' EN'], ['END'])).toEqual(['one', ' ', 'EN']);
    expect(filtered(['one', 'two'], [])).toEqual(['one', 'two', '']);
    expect(filtered(['one', 'two'], [''])).toEqual(['one', 'two', '']);
  });

  it('waits while an earlier stop string is still possible', () => {
    expect(filtered(['abc', 'd'], ['abcd', 'bc'])).toEqual(['', '', '']);
    expect(filtered(['abc', 'x'], ['abcd', 'bc'])).toEqual(['', 'a', '']);
    expect(filtered(['abc'], ['abcd', 'bc'])).toEqual(['', 'a']);
  });
});
