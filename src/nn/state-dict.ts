import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { formatShape, type Shape, sameShape } from '../core/shape.ts';
import type { Parameter } from './parameter.ts';

/** The values of a model's parameters by their paths: what a safetensors file holds. */
export type StateDict = ReadonlyMap<string, { readonly shape: Shape; readonly data: Float32Array }>;

/** Copies the values of parameters. */
export function readState(parameters: ReadonlyMap<string, Parameter>): StateDict {
  return new Map([...parameters].map(([path, { shape, value }]) => [path, { shape, data: value.slice() }]));
}

/** Copies values into parameters. Throws a TsgptError, and changes nothing, unless paths and shapes are the same. */
export function writeState(parameters: ReadonlyMap<string, Parameter>, state: StateDict): void {
  ensure(
    state instanceof Map,
    () => `loadStateDict: give a map of values by path, as from stateDict(), but not ${describeValue(state)}`,
  );
  const unknown = [...state.keys()].find((path) => !parameters.has(path));
  ensure(unknown === undefined, () => `loadStateDict: the model has no parameter ${unknown}`);
  for (const [path, { shape }] of parameters) {
    const given = state.get(path);
    ensure(given, () => `loadStateDict: there is no value for the parameter ${path}`);
    ensure(
      given.data instanceof Float32Array && sameShape(given.shape, shape),
      () => `loadStateDict: ${path} must be float32 ${formatShape(shape)}, but is ${formatShape(given.shape)}`,
    );
  }
  for (const [path, parameter] of parameters) parameter.value = state.get(path)!.data.slice();
}
