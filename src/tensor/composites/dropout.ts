import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import { ensureKind } from '../../core/kind.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import type { Random } from '../../random/random.ts';
import { ensureTensors } from '../operands.ts';
import { where } from '../primitives/elementwise.ts';
import { scalar } from '../primitives/leaves.ts';
import { randomLeaf } from '../random-leaf.ts';
import type { Tensor } from '../tensor.ts';
import { identity } from './identity.ts';

/** Throws a TsgptError unless `probability` is at least 0 and less than 1. */
export function ensureDropRate(probability: number): void {
  ensure(
    typeof probability === 'number' && probability >= 0 && probability < 1,
    () => `dropout: the probability must be at least 0 and less than 1, but is ${describeValue(probability)}`,
  );
}

/**
 * Dropout (Srivastava et al., 2014): every element of `x`, float32 of any shape, becomes 0 with the given probability. The others are
 * multiplied by 1 / (1 - probability), so that the expected value stays. A compiled function draws new numbers from `random` at each call.
 * Throws unless `probability` is at least 0 and less than 1.
 */
export function dropout(x: Tensor, probability: number, random: Random): Tensor {
  ensureTensors('dropout', x);
  ensureKind('dropout', 'a source of random numbers, as new Random(1)', random, 'int32');
  ensureDropRate(probability);
  if (probability === 0) return identity(x);
  return x.mul(dropoutFactors(dropoutNumbers(x.shape, random), x.shape, probability));
}

/** The random numbers of a dropout: a `[rows, 1]`, b `[1, columns]` and c `[rows, 1]`. */
export type DropoutNumbers = readonly [a: Tensor, b: Tensor, c: Tensor];

/**
 * Few numbers give uniform 32-bit integers of any shape: element (i, j) is a[i] b[j] + c[i] modulo 2^32, with a odd. Such products are a pairwise
 * independent family of hash functions (Dietzfelbinger et al., 1997), which is enough for dropout. Only a, b and c are drawn, on the host: so
 * masks are cheap, equal on every runtime, and repeated by a resumed run.
 */
export function dropoutNumbers(shape: Shape, random: Random): DropoutNumbers {
  const columns = shape.at(-1) ?? 1;
  const rows = sizeOf(shape.slice(0, -1));
  const draw = (shape: Shape, next: () => number) =>
    randomLeaf(() => Int32Array.from({ length: sizeOf(shape) }, next), shape, 'int32');
  const a = draw([rows, 1], () => random.int32() | 1);
  const b = draw([1, columns], () => random.int32());
  const c = draw([rows, 1], () => random.int32());
  return [a, b, c];
}

/**
 * What dropout multiplies elements by: 0 with the given probability, else 1 / (1 - probability). For the backward pass the same factors can be
 * computed in another order of operands, so that those of the forward pass are not kept.
 */
export function dropoutFactors(
  [a, b, c]: DropoutNumbers,
  shape: Shape,
  probability: number,
  pass: 'forward' | 'backward' = 'forward',
): Tensor {
  const threshold = Math.round((probability - 0.5) * 2 ** 32);
  const numbers = pass === 'forward' ? a.mul(b).add(c) : c.add(b.mul(a));
  return where(numbers.reshape(shape).lt(threshold), 0, scalar(1 / (1 - probability)));
}
