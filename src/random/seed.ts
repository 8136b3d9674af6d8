import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';

/** Throws a TsgptError if `seed` is not a safe integer. */
export function ensureSeed(seed: number): void {
  ensure(
    Number.isSafeInteger(seed),
    () => `seed must be a whole number from -(2^53 - 1) to 2^53 - 1, but is ${describeValue(seed)}`,
  );
}

/**
 * The first `count` outputs of SplitMix64 (Steele, Lea and Flood, 2014), 64 bits each. Every bit of `seed`, a safe integer, changes each bit of an
 * output with a probability of about one half.
 */
export function splitMix64(seed: number, count: number): bigint[] {
  const wrap = (value: bigint) => BigInt.asUintN(64, value);
  let position = wrap(BigInt(seed));
  return Array.from({ length: count }, () => {
    position = wrap(position + 0x9e37_79b9_7f4a_7c15n);
    let mixed = position;
    mixed = wrap((mixed ^ (mixed >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
    mixed = wrap((mixed ^ (mixed >> 27n)) * 0x94d0_49bb_1331_11ebn);
    return mixed ^ (mixed >> 31n);
  });
}
