import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Shape } from '../../src/core/shape.ts';
import { openSafetensors } from '../../src/disk/safetensors.ts';
import type { WeightSource } from '../../src/models/index.ts';

/** A path in the folder of reference data beside the project. */
export function shared(...parts: string[]): string {
  return resolve('..', 'shared', ...parts);
}

export const hasShared = existsSync(shared('reference'));

/** A safetensors file as a source of weights; `prefix` is put before every name. */
export async function weightsOf(path: string, prefix = ''): Promise<WeightSource> {
  const file = await openSafetensors(path);
  const tensors = new Map<string, { shape: Shape; data: Float32Array }>();
  for (const name of file.tensors.keys()) {
    const { shape, data } = await file.read(name);
    if (data instanceof Float32Array) tensors.set(name, { shape, data });
  }
  await file.close();
  return {
    has: (name) => tensors.has(prefix + name),
    readFloats: async (name) => tensors.get(prefix + name)!,
  };
}
