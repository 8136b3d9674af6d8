import type { Module } from './module.ts';

type Method<Result> = (...inputs: unknown[]) => Result;

/** Replaces a method of `module`, if it has one of that name, by `around`. The returned function restores it. */
export function wrapMethod<Result>(
  module: Module,
  name: string,
  around: (method: Method<Result>, inputs: unknown[]) => Result,
): () => void {
  const method: unknown = Reflect.get(module, name);
  if (typeof method !== 'function') return () => {};
  const before = Object.getOwnPropertyDescriptor(module, name);
  const value = (...inputs: unknown[]) => around(method.bind(module), inputs);
  Object.defineProperty(module, name, { value, configurable: true });
  return () => {
    if (before) Object.defineProperty(module, name, before);
    else Reflect.deleteProperty(module, name);
  };
}
