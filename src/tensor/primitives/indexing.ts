import { ensure } from '../../core/errors.ts';
import { formatShape, normalizeDim, sameShape, sizeOf } from '../../core/shape.ts';
import { lowerings } from '../../graph/index.ts';
import { describeAs, ensureTensors } from '../operands.ts';
import { definePrimitive, ensureFloat } from '../primitive.ts';
import type { Tensor } from '../tensor.ts';
import { indexBelow, scalar } from './leaves.ts';

function ensureIndex(operation: string, index: Tensor): void {
  ensureTensors(operation, index);
  ensure(
    index.dtype === 'int32',
    () =>
      `${operation}: ${describeAs('the index', index)} is ${index.dtype}, but must be int32; make it with tensor(…, { dtype: 'int32' })`,
  );
}

const applyRows = definePrimitive({
  name: 'rows',
  result: ([table, index]) => ({ shape: [...index!.shape, ...table!.shape.slice(1)], dtype: table!.dtype }),
  gradient: (g, { inputs: [table, index] }) => {
    const [length, ...row] = table!.shape as [number, ...number[]];
    const flat = g.reshape([sizeOf(index!.shape), sizeOf(row)]);
    return [sumRowsByIndex(flat, index!.reshape([-1]), length).reshape(table!.shape)];
  },
  lowering: lowerings.rows,
});

/** `table[index]`, as in an embedding: see {@link Tensor.rows}. */
export function rows(table: Tensor, index: Tensor): Tensor {
  ensureIndex('rows', index);
  ensure(table.shape.length > 0, 'rows: a scalar has no rows');
  return applyRows([table, index], {}, indexBelow(index, table.shape[0]!, table.name ?? 'the table'));
}

const applySumRowsByIndex = definePrimitive<{ length: number }>({
  name: 'sumRowsByIndex',
  result: ([x], { length }) => ({ shape: [length, x!.shape[1]!], dtype: x!.dtype }),
  gradient: (g, { inputs: [, index] }) => [rows(g, index!), undefined],
  lowering: lowerings.sumRowsByIndex,
});

/**
 * A table `[length, width]`: row i is the sum of the rows of `x [n, width]` whose `index [n]` is i. It is the gradient of {@link rows}.
 */
export function sumRowsByIndex(x: Tensor, index: Tensor, length: number): Tensor {
  ensureFloat('sumRowsByIndex', x);
  ensureIndex('sumRowsByIndex', index);
  return applySumRowsByIndex([x, index], { length });
}

const applyGather = definePrimitive<{ dim: number }>({
  name: 'gather',
  result: ([x, index]) => ({ shape: index!.shape, dtype: x!.dtype }),
  gradient: (g, { inputs: [x, index], attributes: { dim } }) => [
    scalar(0).expand(x!.shape).scatterAdd(dim, index!, g),
    undefined,
  ],
  lowering: (emitter, { attributes: { dim } }, inputs) =>
    emitter.emit('GatherElements', inputs, { attributes: { axis: dim } }),
});

/** Like `torch.gather`: `out[i][j] = x[i][index[i][j]]` for `dim` 1, and likewise for other dimensions. */
export function gather(x: Tensor, dim: number, index: Tensor): Tensor {
  ensureIndex('gather', index);
  const normalized = normalizeDim(dim, x.shape.length, 'gather');
  ensureFits('gather', x, normalized, index);
  return applyGather([x, index], { dim: normalized }, indexBelow(index, x.shape[normalized]!, x.name ?? 'the tensor'));
}

const applyScatterAdd = definePrimitive<{ dim: number }>({
  name: 'scatterAdd',
  result: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  gradient: (g, { inputs: [, index], attributes: { dim } }) => [g, undefined, gather(g, dim, index!)],
  lowering: (emitter, { attributes: { dim } }, inputs) =>
    emitter.emit('ScatterElements', inputs, { attributes: { axis: dim, reduction: 'add' } }),
});

/** Like `torch.scatter_add`: `x` with `out[i][index[i][j]] += source[i][j]` for `dim` 1, and likewise for others. */
export function scatterAdd(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  ensureFloat('scatterAdd', x, source);
  ensureIndex('scatterAdd', index);
  const normalized = normalizeDim(dim, x.shape.length, 'scatterAdd');
  ensureFits('scatterAdd', x, normalized, index);
  ensure(
    sameShape(index.shape, source.shape),
    () =>
      `scatterAdd: index ${formatShape(index.shape)} and source ${formatShape(source.shape)} must have the same shape`,
  );
  const inside = indexBelow(index, x.shape[normalized]!, x.name ?? 'the tensor');
  return applyScatterAdd([x, index, source], { dim: normalized }, inside);
}

function ensureFits(operation: string, x: Tensor, dim: number, index: Tensor): void {
  ensure(
    index.shape.length === x.shape.length && index.shape.every((length, d) => d === dim || length <= x.shape[d]!),
    () =>
      `${operation}: the index ${formatShape(index.shape)} must have as many dimensions as ${x.describe()} and, ` +
      `but for dimension ${dim}, be no longer`,
  );
}
