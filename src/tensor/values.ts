import { describeValue } from '../core/describe-value.ts';
import { allocate, type DType, type HostArray, typedArrayKind } from '../core/dtype.ts';
import { ensure } from '../core/errors.ts';

/** A typed array of numbers that fit into float32 or int32. */
type TypedNumbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array;

/** What `tensor` makes a tensor from: a number or truth value, or arrays of them, nested as deep as the tensor has dimensions. */
export type TensorValues = number | boolean | TypedNumbers | readonly TensorValues[];

/** Values in row-major order. */
interface Unnested {
  readonly shape: readonly number[];
  readonly flat: readonly (number | boolean)[] | TypedNumbers;
  readonly kind: 'boolean' | 'whole' | 'number' | 'mixed';
}

/** Deeper than any tensor; an array that contains itself is deeper than that. */
const mostDims = 64;

const floatKinds = ['Float16Array', 'Float32Array', 'Float64Array'];
const wholeKinds = [
  'Int8Array',
  'Int16Array',
  'Int32Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Uint16Array',
  'Uint32Array',
];

/** Takes nested arrays apart. Throws a TsgptError where rows differ in length or an entry is no number or truth value. */
export function unnest(values: TensorValues): Unnested {
  if (typedArrayKind(values)) return unnestTyped(values as TypedNumbers);
  const shape: number[] = [];
  for (let level: unknown = values; isArray(level); level = level[0]) {
    ensure(shape.length < mostDims, `tensor: the arrays are nested more than ${mostDims} deep`);
    shape.push(level.length);
  }
  const flat: (number | boolean)[] = [];
  const kinds = new Set<Unnested['kind']>();
  const flatten = (level: unknown, dim: number): void => {
    const isNested = isArray(level);
    ensure(
      isNested || typeof level === 'number' || typeof level === 'boolean',
      () =>
        `tensor: give numbers, truth values, or arrays of them, but not ${describeValue(level)}${dim === 0 ? '' : ' inside'}`,
    );
    const expected = dim < shape.length ? `an array of ${shape[dim]}` : 'a number';
    ensure(
      isNested ? level.length === shape[dim] : dim === shape.length,
      () => `tensor: every entry at depth ${dim} must be ${expected}, as the first one is`,
    );
    if (!isNested) {
      kinds.add(typeof level as 'number' | 'boolean');
      flat.push(level);
    } else if (typedArrayKind(level)) {
      kinds.add(unnestTyped(level as TypedNumbers).kind);
      for (const value of level as TypedNumbers) flat.push(value);
    } else for (const entry of level) flatten(entry, dim + 1);
  };
  flatten(values, 0);
  return { shape, flat, kind: kindOf(kinds) };
}

function kindOf(kinds: ReadonlySet<Unnested['kind']>): Unnested['kind'] {
  if (kinds.size === 1) return [...kinds][0]!;
  return kinds.has('boolean') ? 'mixed' : 'number';
}

function isArray(value: unknown): value is readonly unknown[] | TypedNumbers {
  return Array.isArray(value) || typedArrayKind(value) !== undefined;
}

function unnestTyped(values: TypedNumbers): Unnested {
  const name = typedArrayKind(values)!;
  const isFloat = floatKinds.includes(name);
  ensure(
    isFloat || wholeKinds.includes(name),
    () => `tensor: ${describeValue(values)} holds bigints; convert it with Array.from(array, Number)`,
  );
  return { shape: [values.length], flat: values, kind: isFloat ? 'number' : 'whole' };
}

/** The elements as the given type, which defaults to that of their kind. Throws a TsgptError where one does not fit. */
export function elementsOf({ flat, kind }: Unnested, dtype?: DType): HostArray {
  ensure(
    dtype !== undefined || kind !== 'mixed',
    "tensor: numbers and truth values are mixed; say with the option dtype, such as 'float32', what they become",
  );
  const type = dtype ?? ({ boolean: 'bool', whole: 'int32', number: 'float32' } as const)[kind as 'number'];
  const data = allocate(type, flat.length);
  for (let i = 0; i < flat.length; i++) {
    const value = Number(flat[i]);
    if (type === 'int32') ensureInt32(value);
    data[i] = type === 'bool' ? Number(value !== 0) : value;
  }
  return data;
}

function ensureInt32(value: number): void {
  ensure(Number.isInteger(value), () => `tensor: ${value} is not a whole number, but dtype is int32`);
  ensure(value === (value | 0), () => `tensor: ${value} does not fit into int32`);
}
