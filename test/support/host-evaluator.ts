import { broadcastShapes, type Shape, sizeOf, stridesOf } from '../../src/core/shape.ts';
import type { GraphNode, GraphValue } from '../../src/graph/graph.ts';
import type { Tensor } from '../../src/tensor/index.ts';

/**
 * A second way to compute a graph, for checking the first: plain loops over float64 numbers, one rule per primitive, composites
 * through their definitions. It shares no code with the ONNX lowering.
 */
export interface HostValue {
  shape: Shape;
  data: Float64Array;
}

/** Computes `tensors`; `replaced` gives other elements for some leaves. */
export function evaluateOnHost(
  tensors: readonly Tensor[],
  replaced: ReadonlyMap<Tensor, Float64Array> = new Map(),
): HostValue[] {
  const results = new Map<GraphNode, HostValue[]>();
  const resolve = (value: GraphValue): HostValue => {
    const other = replaced.get(value as Tensor);
    if (other) return { shape: value.shape, data: other };
    const outputs = results.get(value.node) ?? computeNode(value.node);
    results.set(value.node, outputs);
    return outputs[value.index]!;
  };
  const computeNode = (node: GraphNode): HostValue[] => {
    if (node.feed) return [{ shape: node.outputs[0]!.shape, data: Float64Array.from(node.feed([])) }];
    const { definition } = node.operation;
    if (definition) return definition(node.inputs, node.attributes).map(resolve);
    const rule = rules[node.operation.name];
    if (!rule) throw new Error(`the host evaluator has no rule for ${node.operation.name}`);
    const [output] = node.outputs;
    return [{ shape: output!.shape, data: rule(node.inputs.map(resolve), node.attributes, output!) }];
  };
  return tensors.map(resolve);
}

// biome-ignore lint/suspicious/noExplicitAny: each rule knows the attributes of its own operation
type Rule = (inputs: HostValue[], attributes: any, output: { shape: Shape; dtype: string }) => Float64Array;

/** Every position of an array of this shape, in row-major order. */
function* positions(shape: Shape): Generator<number[]> {
  const position = shape.map(() => 0);
  for (let i = 0; i < sizeOf(shape); i++) {
    yield [...position];
    for (let dim = shape.length - 1; dim >= 0 && ++position[dim]! === shape[dim]; dim--) position[dim] = 0;
  }
}

function offsetOf(position: readonly number[], shape: Shape): number {
  const strides = stridesOf(shape);
  return position.reduce((offset, at, dim) => offset + at * strides[dim]!, 0);
}

/** The element that stands at `position` after broadcasting. */
function read({ shape, data }: HostValue, position: readonly number[]): number {
  const own = position.slice(position.length - shape.length).map((at, dim) => (shape[dim] === 1 ? 0 : at));
  return data[offsetOf(own, shape)]!;
}

function fill(shape: Shape, element: (position: number[]) => number): Float64Array {
  const data = new Float64Array(sizeOf(shape));
  let i = 0;
  for (const position of positions(shape)) data[i++] = element(position);
  return data;
}

const pointwise =
  (f: (...values: number[]) => number): Rule =>
  (inputs, _attributes, { shape, dtype }) =>
    fill(shape, (position) => {
      const value = f(...inputs.map((input) => read(input, position)));
      return dtype === 'int32' ? Math.trunc(value) | 0 : value;
    });

/** Folds the elements whose positions differ only in the reduced dimensions. */
function reduce(x: HostValue, shape: Shape, start: number, step: (sum: number, value: number) => number): Float64Array {
  const data = new Float64Array(sizeOf(shape)).fill(start);
  for (const position of positions(x.shape)) {
    const target = offsetOf(
      position.map((at, dim) => (shape[dim] === 1 ? 0 : at)),
      shape,
    );
    data[target] = step(data[target]!, x.data[offsetOf(position, x.shape)]!);
  }
  return data;
}

/** The shape after a reduction, with the reduced dimensions kept. */
function kept(x: HostValue, dims: readonly number[]): number[] {
  return x.shape.map((length, dim) => (dims.includes(dim) ? 1 : length));
}

/** All elements of `x` along `dim` whose other positions are those of `position`. */
function alongDim(x: HostValue, dim: number, position: readonly number[]): number[] {
  return Array.from({ length: x.shape[dim]! }, (_, at) => read(x, position.with(dim, at)));
}

function logSoftmax(x: HostValue, dim: number): Float64Array {
  const reduced = x.shape.map((length, d) => (d === dim ? 1 : length));
  const max = { shape: reduced, data: reduce(x, reduced, Number.NEGATIVE_INFINITY, Math.max) };
  const shifted = { shape: x.shape, data: fill(x.shape, (p) => Math.exp(read(x, p) - read(max, p))) };
  const total = { shape: reduced, data: reduce(shifted, reduced, 0, (a, b) => a + b) };
  return fill(x.shape, (p) => read(x, p) - read(max, p) - Math.log(read(total, p)));
}

/** erf to double precision: its Taylor series near 0, the continued fraction of erfc beyond. */
export function erf(x: number): number {
  if (Math.abs(x) < 2.5) {
    let term = x;
    let total = x;
    for (let n = 1; n < 100; n++) {
      term *= (-x * x) / n;
      total += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * total;
  }
  let fraction = 0;
  for (let n = 100; n > 0; n--) fraction = n / 2 / (Math.abs(x) + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * (Math.abs(x) + fraction)));
}

const truth = (condition: boolean) => Number(condition);

const rules: Record<string, Rule> = {
  constant: (_, { value }) => Float64Array.of(value),
  range: (_, { length }) => Float64Array.from({ length }, (__, i) => i),
  neg: pointwise((x) => -x),
  exp: pointwise(Math.exp),
  log: pointwise(Math.log),
  sqrt: pointwise(Math.sqrt),
  abs: pointwise(Math.abs),
  sign: pointwise(Math.sign),
  floor: pointwise(Math.floor),
  ceil: pointwise(Math.ceil),
  round: pointwise((x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x))),
  sin: pointwise(Math.sin),
  cos: pointwise(Math.cos),
  tanh: pointwise(Math.tanh),
  sigmoid: pointwise((x) => 1 / (1 + Math.exp(-x))),
  erf: pointwise(erf),
  add: pointwise((a, b) => a + b),
  sub: pointwise((a, b) => a - b),
  // Whole numbers wrap modulo 2^32, which float64 would lose.
  mul: (inputs, attributes, output) =>
    pointwise(output.dtype === 'int32' ? Math.imul : (a, b) => a! * b!)(inputs, attributes, output),
  div: pointwise((a, b) => a! / b!),
  pow: pointwise((a, b) => a! ** b!),
  maximum: pointwise(Math.max),
  minimum: pointwise(Math.min),
  eq: pointwise((a, b) => truth(a === b)),
  lt: pointwise((a, b) => truth(a! < b!)),
  le: pointwise((a, b) => truth(a! <= b!)),
  logicalAnd: pointwise((a, b) => truth(a !== 0 && b !== 0)),
  logicalOr: pointwise((a, b) => truth(a !== 0 || b !== 0)),
  logicalNot: pointwise((x) => truth(x === 0)),
  where: pointwise((condition, a, b) => (condition !== 0 ? a! : b!)),
  cast: ([x], { dtype }) =>
    x!.data.map((value) => (dtype === 'int32' ? Math.trunc(value) : dtype === 'bool' ? truth(value !== 0) : value)),
  reshape: ([x]) => x!.data,
  permute: ([x], { dims }, { shape }) =>
    fill(shape, (p) =>
      read(
        x!,
        x!.shape.map((_, dim) => p[dims.indexOf(dim)]!),
      ),
    ),
  expand: ([x], _, { shape }) => fill(shape, (p) => read(x!, p)),
  slice: ([x], { starts }, { shape }) =>
    fill(
      shape,
      (p) =>
        x!.data[
          offsetOf(
            p.map((at, dim) => at + starts[dim]),
            x!.shape,
          )
        ]!,
    ),
  pad: ([x], { before, value }, { shape }) =>
    fill(shape, (p) => {
      const inner = p.map((at, dim) => at - before[dim]);
      return inner.every((at, dim) => at >= 0 && at < x!.shape[dim]!) ? x!.data[offsetOf(inner, x!.shape)]! : value;
    }),
  concat: (inputs, { dim }, { shape }) =>
    fill(shape, (p) => {
      let at = p[dim]!;
      const source = inputs.find((input) => {
        if (at < input.shape[dim]!) return true;
        at -= input.shape[dim]!;
        return false;
      })!;
      return source.data[offsetOf(p.with(dim, at), source.shape)]!;
    }),
  matmul: ([a, b], { transposeA, transposeB }, { shape }) => {
    const inner = a!.shape.at(transposeA ? -2 : -1)!;
    const stack = broadcastShapes(a!.shape.slice(0, -2), b!.shape.slice(0, -2), 'matmul');
    return fill(shape, (p) => {
      const [row, column] = p.slice(-2) as [number, number];
      const at = p.slice(0, stack.length);
      let total = 0;
      for (let k = 0; k < inner; k++) {
        const left = read(a!, [...at, ...(transposeA ? [k, row] : [row, k])]);
        total += left * read(b!, [...at, ...(transposeB ? [column, k] : [k, column])]);
      }
      return total;
    });
  },
  rows: ([table, index], _, { shape }) =>
    fill(shape, (p) => {
      const at = p.slice(0, index!.shape.length);
      return table!.data[offsetOf([read(index!, at), ...p.slice(at.length)], table!.shape)]!;
    }),
  sumRowsByIndex: ([x, index], _, { shape }) => {
    const data = new Float64Array(sizeOf(shape));
    const width = shape[1]!;
    x!.data.forEach((value, i) => {
      data[index!.data[Math.floor(i / width)]! * width + (i % width)]! += value;
    });
    return data;
  },
  gather: ([x, index], { dim }, { shape }) => fill(shape, (p) => read(x!, p.with(dim, read(index!, p)))),
  scatterAdd: ([x, index, source], { dim }) => {
    const data = x!.data.slice();
    for (const p of positions(index!.shape)) {
      data[offsetOf(p.with(dim, read(index!, p)), x!.shape)]! += read(source!, p);
    }
    return data;
  },
  sum: ([x], { dims }) => reduce(x!, kept(x!, dims), 0, (a, b) => a + b),
  mean: ([x], { dims }, { shape }) =>
    reduce(x!, kept(x!, dims), 0, (a, b) => a + b).map((total) => (total * sizeOf(shape)) / sizeOf(x!.shape)),
  prod: ([x], { dims }) => reduce(x!, kept(x!, dims), 1, (a, b) => a * b),
  max: ([x], { dims }) => reduce(x!, kept(x!, dims), Number.NEGATIVE_INFINITY, Math.max),
  min: ([x], { dims }) => reduce(x!, kept(x!, dims), Number.POSITIVE_INFINITY, Math.min),
  logSumExp: ([x], { dims }) => {
    const shape = kept(x!, dims);
    const max = { shape, data: reduce(x!, shape, Number.NEGATIVE_INFINITY, Math.max) };
    const shifted = { shape: x!.shape, data: fill(x!.shape, (p) => Math.exp(read(x!, p) - read(max, p))) };
    return reduce(shifted, shape, 0, (a, b) => a + b).map((total, i) => max.data[i]! + Math.log(total));
  },
  argmax: ([x], { dim }, { shape }) =>
    fill(shape, (p) => {
      const along = alongDim(x!, dim, p);
      return along.indexOf(Math.max(...along));
    }),
  argmin: ([x], { dim }, { shape }) =>
    fill(shape, (p) => {
      const along = alongDim(x!, dim, p);
      return along.indexOf(Math.min(...along));
    }),
  topkIndices: ([x], { dim, largest }, { shape }) =>
    fill(shape, (p) => {
      const along = alongDim(x!, dim, p);
      return [...along.keys()].sort((i, j) => (largest ? along[j]! - along[i]! : along[i]! - along[j]!) || i - j)[
        p[dim]!
      ]!;
    }),
  cumsum: ([x], { dim, reverse }, { shape }) =>
    fill(shape, (p) => {
      const along = alongDim(x!, dim, p);
      return (reverse ? along.slice(p[dim]) : along.slice(0, p[dim]! + 1)).reduce((sum, value) => sum + value, 0);
    }),
  softmax: ([x], { dim }) => logSoftmax(x!, dim).map(Math.exp),
  logSoftmax: ([x], { dim }) => logSoftmax(x!, dim),
};

/** The primitives that have a rule. */
export const hostRuleNames: readonly string[] = Object.keys(rules);
