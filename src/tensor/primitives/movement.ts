import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import {
  broadcastShapes,
  checkShape,
  ensureShapeArray,
  formatShape,
  normalizeDim,
  type Shape,
  sameShape,
  sizeOf,
} from '../../core/shape.ts';
import type { GraphNode } from '../../graph/index.ts';
import { behindIdentity, identity, throughIdentities } from '../composites/identity.ts';
import { ensureTensorList, ensureTensors } from '../operands.ts';
import { definePrimitive, ensureSameType } from '../primitive.ts';
import { skippedBy, skipping } from '../skipped-views.ts';
import type { Tensor } from '../tensor.ts';
import { sumTo } from './reductions.ts';

const applyReshape = definePrimitive<{ shape: Shape }>({
  name: 'reshape',
  result: ([x], { shape }) => ({ shape, dtype: x!.dtype }),
  gradient: (g, { inputs: [x] }) => [g.reshape(x!.shape)],
  lowering: (emitter, { inputs: [value], attributes: { shape } }, [x]) => emitter.reshape(x!, value!.shape, shape),
});

/** The same elements in the same order with another shape. One length may be -1; it follows from the others. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  ensureShapeArray(shape, 'reshape');
  const known = shape.filter((length) => length !== -1);
  checkShape(known, 'reshape');
  ensure(
    known.length >= shape.length - 1,
    () => `reshape: only one length may be -1, but ${x.describe()} is asked for ${formatShape(shape)}`,
  );
  const rest = sizeOf(x.shape) / sizeOf(known);
  ensure(
    known.length < shape.length || rest === 1 || sizeOf(x.shape) === sizeOf(known),
    () =>
      `reshape: ${x.describe()} has ${sizeOf(x.shape)} elements, but ${formatShape(shape)} asks for ${sizeOf(known)}`,
  );
  ensure(
    known.length === shape.length || Number.isInteger(rest),
    () => `reshape: the ${sizeOf(x.shape)} elements of ${x.describe()} do not divide into ${formatShape(shape)}`,
  );
  const full = shape.map((length) => (length === -1 ? rest : length));
  if (sameShape(full, x.shape)) return identity(x);
  const views = throughIdentities(x);
  const { node } = views.at(-1)!;
  if (node.operation.name !== 'reshape') return applyReshape([x], { shape: full });
  // A view of a view is a view of the original.
  const skipped = [...views, ...skippedBy(node).map(({ tensor }) => tensor)];
  return skipping(
    applyReshape([node.inputs[0]!], { shape: full }),
    skipped.map((tensor) => ({ tensor, operand: 0, gradient: (g) => g.reshape(tensor.shape) })),
  );
}

const applyPermute = definePrimitive<{ dims: Shape }>({
  name: 'permute',
  result: ([x], { dims }) => ({ shape: dims.map((dim) => x!.shape[dim]!), dtype: x!.dtype }),
  gradient: (g, { attributes: { dims } }) => [g.permute(...dims.map((_, dim) => dims.indexOf(dim)))],
  lowering: (emitter, { attributes: { dims } }, [x]) => emitter.emit('Transpose', [x!], { attributes: { perm: dims } }),
});

/** The dimensions in another order: dimension `i` of the result is dimension `dims[i]` of `x`. */
export function permute(x: Tensor, dims: Shape): Tensor {
  ensure(!dims.some(Array.isArray), 'permute: give the dimensions one by one, as in permute(1, 0), not as an array');
  const normalized = dims.map((dim) => normalizeDim(dim, x.shape.length, 'permute'));
  ensure(
    normalized.length === x.shape.length && new Set(normalized).size === normalized.length,
    () =>
      `permute: ${formatShape(dims)} does not name each of the ${x.shape.length} dimensions of ${x.describe()} once`,
  );
  return normalized.every((dim, i) => dim === i) ? identity(x) : applyPermute([x], { dims: normalized });
}

/** The order of the dimensions if `x` was made by {@link permute}. */
export function permutationOf(x: Tensor): Shape | undefined {
  const { node } = behindIdentity(x);
  return isPermute(node) ? node.attributes.dims : undefined;
}

function isPermute(node: GraphNode): node is GraphNode<{ dims: Shape }> {
  return node.operation.name === 'permute';
}

const applyExpand = definePrimitive<{ shape: Shape }>({
  name: 'expand',
  result: ([x], { shape }) => ({ shape, dtype: x!.dtype }),
  gradient: (g, { inputs: [x] }) => [sumTo(g, x!.shape)],
  lowering: (emitter, { attributes: { shape } }, [x]) => emitter.emit('Expand', [x!, emitter.integers(shape)]),
});

/** `x` repeated along dimensions of length 1, and along new ones in front, until it has `shape`. */
export function expand(x: Tensor, shape: Shape): Tensor {
  checkShape(shape, 'expand');
  ensure(
    sameShape(broadcastShapes(x.shape, shape, 'expand', [x.describe(), formatShape(shape)]), shape),
    () => `expand: ${x.describe()} does not fit into ${formatShape(shape)}`,
  );
  return sameShape(x.shape, shape) ? identity(x) : applyExpand([x], { shape });
}

/** The elements of one dimension from `start` up to, not including, `end`; negative numbers count from the end, null means all. */
export type Range = readonly [start?: number, end?: number] | null;

const applySlice = definePrimitive<{ starts: Shape; ends: Shape }>({
  name: 'slice',
  result: ([x], { starts, ends }) => ({ shape: ends.map((end, dim) => end - starts[dim]!), dtype: x!.dtype }),
  gradient: (g, { inputs: [x], attributes: { starts, ends } }) => [
    pad(
      g,
      starts,
      ends.map((end, dim) => x!.shape[dim]! - end),
    ),
  ],
  lowering: (emitter, { attributes: { starts, ends } }, [x]) => {
    const dims = starts.map((_, dim) => dim);
    return emitter.emit('Slice', [x!, ...[starts, ends, dims].map((list) => emitter.integers(list))]);
  },
});

/** The part of `x` that lies in the given range of each dimension, as `x[1:3, :, -1:]` in Python; null means all. */
export function slice(x: Tensor, ranges: readonly Range[]): Tensor {
  for (const range of ranges) {
    ensure(
      range === null || range === undefined || Array.isArray(range),
      () => `slice: give a range for each dimension, as in slice([0, 2], null), but not ${describeValue(range)}`,
    );
  }
  ensure(
    ranges.length <= x.shape.length,
    () => `slice: ${ranges.length} ranges were given, but ${x.describe()} has only ${x.shape.length} dimensions`,
  );
  const bounds = x.shape.map((length, dim) => {
    const [start = 0, end = length] = ranges[dim] ?? [];
    const clamp = (index: number) => Math.min(Math.max(index < 0 ? index + length : index, 0), length);
    ensure(
      Number.isInteger(start) && Number.isInteger(end),
      () => `slice: the range [${start}, ${end}] of dimension ${dim} is not made of whole numbers`,
    );
    return [clamp(start), Math.max(clamp(start), clamp(end))] as const;
  });
  const starts = bounds.map(([start]) => start);
  const ends = bounds.map(([, end]) => end);
  if (starts.every((start) => start === 0) && sameShape(ends, x.shape)) return identity(x);
  return applySlice([x], { starts, ends });
}

const applyPad = definePrimitive<{ before: Shape; after: Shape; value: number }>({
  name: 'pad',
  result: ([x], { before, after }) => ({
    shape: x!.shape.map((length, dim) => before[dim]! + length + after[dim]!),
    dtype: x!.dtype,
  }),
  gradient: (g, { inputs: [x], attributes: { before } }) => [
    slice(
      g,
      before.map((start, dim) => [start, start + x!.shape[dim]!] as const),
    ),
  ],
  lowering: (emitter, { inputs: [value], attributes }, [x]) => {
    const amounts = emitter.integers([...attributes.before, ...attributes.after]);
    return emitter.emit('Pad', [x!, amounts, emitter.scalar(attributes.value, value!.dtype)]);
  },
});

/**
 * `x` with `before[dim]` elements of `value` added in front of each dimension and `after[dim]` behind it: `[2, 3]` with `[1, 0]` and
 * `[0, 2]` gives `[3, 5]`. `value` defaults to 0. Throws unless there is one amount before and after for each dimension.
 */
export function pad(x: Tensor, before: Shape, after: Shape, value = 0): Tensor {
  ensure(typeof value === 'number', () => `pad: the value must be a number, but is ${describeValue(value)}`);
  ensureTensors('pad', x);
  checkShape(before, 'pad');
  checkShape(after, 'pad');
  ensure(
    before.length === x.shape.length && after.length === x.shape.length,
    () => `pad: ${x.describe()} needs ${x.shape.length} amounts before and after, one for each dimension`,
  );
  return [...before, ...after].every((amount) => amount === 0) ? identity(x) : applyPad([x], { before, after, value });
}

const applyConcat = definePrimitive<{ dim: number }>({
  name: 'concat',
  result: (inputs, { dim }) => ({
    shape: inputs[0]!.shape.map((length, d) => (d === dim ? inputs.reduce((all, x) => all + x.shape[d]!, 0) : length)),
    dtype: inputs[0]!.dtype,
  }),
  gradient: (g, { inputs, attributes: { dim } }) => {
    let end = 0;
    return inputs.map((x) => {
      const start = end;
      end += x.shape[dim]!;
      return slice(
        g,
        g.shape.map((_, d) => (d === dim ? ([start, end] as const) : null)),
      );
    });
  },
  lowering: (emitter, { attributes: { dim } }, inputs) => emitter.emit('Concat', inputs, { attributes: { axis: dim } }),
});

/**
 * The tensors one after the other along `dim`, PyTorch's `cat`: `[2, 3]` and `[4, 3]` give `[6, 3]`. `dim` defaults to 0. Throws where
 * types, numbers of dimensions or other lengths differ.
 */
export function concat(tensors: readonly Tensor[], dim = 0): Tensor {
  ensureTensorList('concat', tensors);
  const [first] = tensors;
  ensure(first, 'concat: needs at least one tensor');
  const normalized = normalizeDim(dim, first.shape.length, 'concat');
  for (const other of tensors) {
    ensureSameType('concat', first, other);
    ensure(
      other.shape.length === first.shape.length &&
        other.shape.every((length, d) => d === normalized || length === first.shape[d]),
      () => `concat: ${first.describe()} and ${other.describe()} differ in more than dimension ${normalized}`,
    );
  }
  return tensors.length === 1 ? identity(first) : applyConcat(tensors, { dim: normalized });
}
