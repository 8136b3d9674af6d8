import type { DType, HostArray } from '../core/dtype.ts';
import { formatShape, type Shape } from '../core/shape.ts';

/** Elements in nested arrays, one level per dimension. */
export type NestedArray = number | boolean | NestedArray[];

/** Row-major elements as nested arrays. */
export function nest(data: HostArray, shape: Shape, dtype: DType): NestedArray {
  let position = 0;
  const build = (dim: number): NestedArray => {
    if (dim < shape.length) return Array.from({ length: shape[dim]! }, () => build(dim + 1));
    const value = data[position++]!;
    return dtype === 'bool' ? value !== 0 : value;
  };
  return build(0);
}

/** Of larger tensors, only the first and last few elements of each dimension are printed. */
const summaryThreshold = 1000;
const summaryEdge = 3;
const lineWidth = 80;

/** The part of a tensor that printing needs. */
interface Printable {
  readonly name?: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * The tensor as text in PyTorch's layout: aligned numbers with four decimals, then its name, if it has one, shape and type. Without
 * `data`, the numbers are left out.
 */
export function formatTensor({ name, shape, dtype }: Printable, data: HostArray | undefined): string {
  const about = [...(name ? [`name=${name}`] : []), `shape=${formatShape(shape)}`, `dtype=${dtype}`];
  return `${prefix}${[data ? formatElements(data, shape, dtype) : '...', ...about].join(', ')})`;
}

const prefix = 'tensor(';

function formatElements(data: HostArray, shape: Shape, dtype: DType): string {
  const shortened = data.length > summaryThreshold;
  const visible = (length: number): (number | null)[] =>
    shortened && length > 2 * summaryEdge
      ? [0, 1, 2, null, length - 3, length - 2, length - 1]
      : Array.from({ length }, (_, i) => i);

  const cells: number[] = [];
  const collect = (dim: number, offset: number): void => {
    if (dim === shape.length) cells.push(data[offset]!);
    else for (const i of visible(shape[dim]!)) if (i !== null) collect(dim + 1, offset * shape[dim]! + i);
  };
  collect(0, 0);
  const formatNumber = numberFormat(cells, dtype);
  const width = cells.reduce((widest, cell) => Math.max(widest, formatNumber(cell).length), 0);

  const build = (dim: number, offset: number): string => {
    if (dim === shape.length) return formatNumber(data[offset]!).padStart(shape.length === 0 ? 0 : width);
    const parts = visible(shape[dim]!).map((i) => (i === null ? '...' : build(dim + 1, offset * shape[dim]! + i)));
    const indent = ' '.repeat(prefix.length + dim + 1);
    if (dim === shape.length - 1) return `[${wrap(parts, width, indent)}]`;
    // Blank lines separate matrices, one more for each further dimension.
    return `[${parts.join(`,${'\n'.repeat(shape.length - 1 - dim)}${indent}`)}]`;
  };
  return build(0, 0);
}

/** A row, broken so that lines stay within 80 columns. */
function wrap(cells: readonly string[], width: number, indent: string): string {
  const perLine = Math.max(1, Math.floor((lineWidth - indent.length) / (width + 2)));
  const lines: string[] = [];
  for (let i = 0; i < cells.length; i += perLine) lines.push(cells.slice(i, i + perLine).join(', '));
  return lines.join(`,\n${indent}`);
}

function numberFormat(cells: readonly number[], dtype: DType): (value: number) => string {
  if (dtype === 'bool') return (value) => (value === 0 ? 'false' : 'true');
  const finite = cells.filter(Number.isFinite).map(Math.abs);
  const nonzero = finite.filter((value) => value > 0);
  const largest = nonzero.reduce((a, b) => Math.max(a, b), 0);
  const smallest = nonzero.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const scientific = largest >= 1e8 || smallest < 1e-4 || (largest / smallest > 1000 && largest >= 1000);
  const whole = finite.every(Number.isInteger);
  return (value) => {
    if (Number.isNaN(value)) return 'nan';
    if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
    if (dtype === 'int32') return String(value);
    if (whole && largest < 1e8) return `${value}.`;
    return scientific ? value.toExponential(4).replace(/e([+-])(\d)$/, 'e$10$2') : value.toFixed(4);
  };
}
