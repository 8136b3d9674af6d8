import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import { broadcastShapes, type Shape, sizeOf } from '../../core/shape.ts';
import { ensureTensors } from '../operands.ts';
import type { Tensor } from '../tensor.ts';

const anyLetters = '[a-z\ue000-\ue03f]*';
const term = `${anyLetters}(?:\\.\\.\\.)?${anyLetters}`;
/** Terms of letters between commas, each with `...` at most once; private-use characters are letters that {@link spellOut} has put in. */
const equationForm = new RegExp(`^(${term}(?:,${term})*)->(${term})$`, 'i');

/** A tensor and the letters that name its dimensions. */
interface Factor {
  readonly x: Tensor;
  readonly letters: readonly string[];
}

/**
 * Einstein summation: sums of products of float32 tensors, as in `einsum('bqd,bkd->bqk', queries, keys)`. Before the arrow, letters name the
 * dimensions of each operand; after it, those of the result. The sum runs over letters missing from the result. Throws a TsgptError if
 * dimensions with the same letter differ in length. `...` stands for any number of dimensions, which broadcast and must be in the result, too:
 * `einsum('...ij,...jk->...ik', a, b)`. Unlike PyTorch's, it needs the arrow and accepts no letter twice in one operand.
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  ensureTensors('einsum', ...operands);
  const match = typeof equation === 'string' && equationForm.exec(equation.replaceAll(' ', ''));
  ensure(match, () => `einsum: ${describeValue(equation)} is not of the form "ij,jk->ik"`);
  if (equation.includes('...')) return spellOut(equation, match, operands);
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

/** Letters for the dimensions that `...` stands for: no equation can contain them. */
const dotLetters = Array.from({ length: 64 }, (_, i) => String.fromCharCode(0xe000 + i));

/** Replaces `...` by a letter for each dimension; they are aligned at the last one, and those of length 1 are repeated. */
function spellOut(equation: string, match: RegExpExecArray, operands: readonly Tensor[]): Tensor {
  const terms = match[1]!.split(',');
  ensure(
    terms.length === operands.length,
    () => `einsum: "${equation}" has ${terms.length} operands, but got ${operands.length}`,
  );
  ensure(match[2]!.includes('...'), () => `einsum: "..." must also be in the result of "${equation}"`);
  const places = terms.map((term) => term.indexOf('...'));
  const counts = terms.map((term, i) => (places[i]! < 0 ? 0 : operands[i]!.shape.length - (term.length - 3)));
  for (const [i, count] of counts.entries()) {
    ensure(count >= 0, () => `einsum: "${terms[i]}" names more dimensions than ${operands[i]!.describe()} has`);
  }
  const most = Math.max(...counts);
  const dots = operands.map(({ shape }, i) =>
    shape.slice(Math.max(0, places[i]!), Math.max(0, places[i]!) + counts[i]!),
  );
  const common = dots.reduce<Shape>((shape, own) => broadcastShapes(shape, own, 'einsum'), []);
  const expanded = operands.map((x, i) => {
    if (places[i]! < 0) return x;
    const wanted = common.slice(most - counts[i]!);
    return x.expand([...x.shape.slice(0, places[i]!), ...wanted, ...x.shape.slice(places[i]! + counts[i]!)]);
  });
  const letters = (count: number) => dotLetters.slice(most - count, most).join('');
  const spelled = terms.map((term, i) => term.replace('...', letters(counts[i]!))).join(',');
  return einsum(`${spelled}->${match[2]!.replace('...', letters(most))}`, ...expanded);
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
