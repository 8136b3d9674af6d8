import { describeValue } from './describe-value.ts';
import { ensure, TsgptError } from './errors.ts';

/** All that the rest of the project needs to know about each element type. A new type is one more entry here. */
export const dtypes = {
  float32: { arrayType: Float32Array, bytes: 4, isFloat: true },
  int32: { arrayType: Int32Array, bytes: 4, isFloat: false },
  bool: { arrayType: Uint8Array, bytes: 1, isFloat: false },
} as const;

/** The type of a tensor's elements, named as in PyTorch. */
export type DType = keyof typeof dtypes;

/** An array in host memory that holds a tensor's elements in row-major order; `bool` is stored as 0 and 1. */
export type HostArray = Float32Array | Int32Array | Uint8Array;

/** Throws a TsgptError unless there is an element type of this name. */
export function checkDType(dtype: DType, operation: string): void {
  ensure(
    Object.hasOwn(dtypes, dtype),
    () =>
      `${operation}: there is no element type ${typeof dtype === 'string' ? dtype : describeValue(dtype)}; choose ${Object.keys(dtypes).join(', ')}`,
  );
}

/** The name of a typed array's class, also if it was made in another realm, such as a test's; undefined for all other values. */
export function typedArrayKind(value: unknown): string | undefined {
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
    ? (value as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag]
    : undefined;
}

/** The element type of a host array. */
export function dtypeOf(array: HostArray): DType {
  const kind = typedArrayKind(array);
  for (const [dtype, { arrayType }] of Object.entries(dtypes)) {
    if (kind === arrayType.name) return dtype as DType;
  }
  throw new TsgptError(
    `a tensor is made from a Float32Array, Int32Array or Uint8Array, not from ${describeValue(array)}; for other numbers use tensor(…)`,
  );
}

/** A zeroed host array of `length` elements. */
export function allocate(dtype: DType, length: number): HostArray {
  return new dtypes[dtype].arrayType(length);
}
