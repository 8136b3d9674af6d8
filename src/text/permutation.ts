import { ensure } from '../core/errors.ts';
import type { Random } from '../random/random.ts';

// Four would be enough for large squares, but not for those of a few numbers.
const rounds = 8;

/**
 * A random order of the numbers from 0 to `length` - 1 that is not stored: `permutation(i)` computes its element `i`. So the windows of a text of any
 * size can be shuffled.
 *
 * It is a Feistel network (Luby and Rackoff, 1988) over the next larger square; results outside the range go through it again
 * (Black and Rogaway, 2002).
 */
export function randomPermutation(length: number, random: Random): (index: number) => number {
  ensure(
    Number.isSafeInteger(length) && length >= 0 && length <= 2 ** 52,
    () => `a permutation needs a length from 0 to 2^52, but got ${length}`,
  );
  const side = Math.max(1, Math.ceil(Math.sqrt(length)));
  const keys = Array.from({ length: rounds }, () => random.int32());
  const once = (index: number): number => {
    let left = Math.floor(index / side);
    let right = index % side;
    for (const key of keys) [left, right] = [right, (left + hash(right, key)) % side];
    return left * side + right;
  };
  return (index) => {
    ensure(
      Number.isSafeInteger(index) && index >= 0 && index < length,
      () => `there is no element ${index} in a permutation of ${length}`,
    );
    let result = once(index);
    while (result >= length) result = once(result);
    return result;
  };
}

/** A mixer of 32 bits, MurmurHash3's last step (Appleby, 2011), from 0 to 2^32 - 1. */
function hash(value: number, key: number): number {
  let h = value ^ key;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
