import { ensure } from '../../core/errors.ts';
import { sizeOf } from '../../core/shape.ts';
import type { Tensor } from '../tensor.ts';

/** A tensor and the letters that name its dimensions. */
interface Factor {
  readonly x: Tensor;
  readonly letters: readonly string[];
}

/**
 * Einstein summation: sums of products of float32 tensors, as in `einsum('bqd,bkd->bqk', queries, keys)`. Before the arrow, letters name the dimensions
 * of each operand; after it, those of the result. The sum runs over letters missing from the result. Throws a TsgptError if dimensions with the same
 * letter differ in length. Unlike PyTorch's, it needs the arrow and accepts neither `...` nor a letter twice in one operand.
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  const match = /^([a-z]*(?:,[a-z]*)*)->([a-z]*)$/i.exec(equation.replaceAll(' ', ''));
  ensure(match, () => `einsum: "${equation}" is not of the form "ij,jk->ik"`);
  const inputs = match[1]!.split(',').map((letters) => [...letters]);
  const output = [...match[2]!];
  check(equation, inputs, output, operands);

  const factors: Factor[] = operands.map((x, i) => ({ x, letters: inputs[i]! }));
  const product = factors.reduce((left, right, i) => {
    const later = new Set([...output, ...inputs.slice(i + 1).flat()]);
    return multiply(left, right, (letter) => later.has(letter));
  });
  const summed = sumOver(product, (letter) => !output.includes(letter));
  return summed.x.permute(...output.map((letter) => summed.letters.indexOf(letter)));
}

function check(equation: string, inputs: readonly string[][], output: readonly string[], operands: readonly Tensor[]) {
  ensure(
    inputs.length === operands.length,
    () => `einsum: "${equation}" has ${inputs.length} operands, but got ${operands.length}`,
  );
  const lengths = new Map<string, number>();
  for (const [i, letters] of inputs.entries()) {
    const x = operands[i]!;
    ensure(
      letters.length === x.shape.length,
      () =>
        `einsum: "${letters.join('')}" names ${letters.length} dimensions, but ${x.describe()} has ${x.shape.length}`,
    );
    for (const [dim, letter] of letters.entries()) {
      const length = lengths.get(letter) ?? x.shape[dim]!;
      ensure(
        length === x.shape[dim],
        () => `einsum: "${letter}" is ${length} long, but dimension ${dim} of ${x.describe()} is ${x.shape[dim]}`,
      );
      lengths.set(letter, length);
    }
  }
  for (const letters of [...inputs, output]) {
    ensure(
      new Set(letters).size === letters.length && letters.every((letter) => lengths.has(letter)),
      () => `einsum: "${letters.join('')}" in "${equation}" has a letter twice, or one that no operand has`,
    );
  }
}

/** The product of two factors, summed over letters that are no longer needed. */
function multiply(left: Factor, right: Factor, isNeeded: (letter: string) => boolean): Factor {
  const a = sumOver(left, (letter) => !isNeeded(letter) && !right.letters.includes(letter));
  const b = sumOver(right, (letter) => !isNeeded(letter) && !left.letters.includes(letter));
  const shared = a.letters.filter((letter) => b.letters.includes(letter));
  const batch = shared.filter(isNeeded);
  const inner = shared.filter((letter) => !isNeeded(letter));
  const rows = a.letters.filter((letter) => !shared.includes(letter));
  const columns = b.letters.filter((letter) => !shared.includes(letter));
  const product = asMatrices(a, batch, rows, inner).matmul(asMatrices(b, batch, inner, columns));
  const shape = [...lengthsOf(a, batch), ...lengthsOf(a, rows), ...lengthsOf(b, columns)];
  return { x: product.reshape(shape), letters: [...batch, ...rows, ...columns] };
}

/** `[...batch, rows, columns]`, with the lengths of the rows' and of the columns' letters multiplied. */
function asMatrices(factor: Factor, batch: readonly string[], rows: readonly string[], columns: readonly string[]) {
  const order = [...batch, ...rows, ...columns].map((letter) => factor.letters.indexOf(letter));
  const shape = [...lengthsOf(factor, batch), sizeOf(lengthsOf(factor, rows)), sizeOf(lengthsOf(factor, columns))];
  return factor.x.permute(...order).reshape(shape);
}

function lengthsOf({ x, letters }: Factor, some: readonly string[]): number[] {
  return some.map((letter) => x.shape[letters.indexOf(letter)]!);
}

function sumOver({ x, letters }: Factor, isSummed: (letter: string) => boolean): Factor {
  const dims = letters.flatMap((letter, dim) => (isSummed(letter) ? [dim] : []));
  return { x: x.sum(dims), letters: letters.filter((letter) => !isSummed(letter)) };
}
