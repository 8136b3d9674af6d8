import { ensure } from '../core/errors.ts';
import { sizeOf } from '../core/shape.ts';
import type { Executable, Runtime } from '../runtime/index.ts';
import type { ConstantLeaves } from './constant-leaves.ts';
import { lowerProgram } from './lower-program.ts';
import type { Program } from './program.ts';

/** The most loaded graphs to keep for another evaluation. */
const capacity = 128;

/** With less work than this, in elements computed, threads would wait for each other longer than they work. */
const smallWork = 1 << 15;

/** The loaded graphs of each runtime by the key of their program; the most recently used is last. */
const caches = new WeakMap<Runtime, Map<string, Promise<Executable>>>();
let loads = 0;

/**
 * The program, loaded into the runtime; one load serves all programs with the same key. The outputs at the positions of `keptOutputs`
 * stay on the runtime's device.
 */
export function loadShared(
  runtime: Runtime,
  program: Program,
  keptOutputs: readonly number[] = [],
): Promise<Executable> {
  const cache = caches.get(runtime) ?? new Map<string, Promise<Executable>>();
  caches.set(runtime, cache);
  const key = `${program.key} kept: ${keptOutputs}`;
  const executable = cache.get(key) ?? load(runtime, program, keptOutputs);
  cache.delete(key);
  cache.set(key, executable);
  executable.catch(() => cache.delete(key));
  if (cache.size > capacity) cache.delete(cache.keys().next().value!);
  return executable;
}

/** Loads a program with its own constants for one owner, who must dispose of it. */
export async function loadOwn(runtime: Runtime, program: Program, { storageOf }: ConstantLeaves): Promise<Executable> {
  const parallel = program.constants.reduce((total, { value }) => total + sizeOf(value.shape), 0) > smallWork;
  const model = lowerProgram(program, { storageOf });
  ensure(
    runtime.capabilities.readsFiles || model.initializers.every(({ data }) => data instanceof Uint8Array),
    () => `the weights of this model are in a file, which ${runtime.name} cannot read; load the model into memory`,
  );
  return runtime.load(model, { parallel, keepAwake: true });
}

/** The number of graphs loaded so far: evaluating a graph of a known structure adds none. */
export function loadCount(): number {
  return loads;
}

async function load(runtime: Runtime, program: Program, keptOutputs: readonly number[]): Promise<Executable> {
  loads++;
  return runtime.load(lowerProgram(program), { parallel: work(program) > smallWork, keptOutputs });
}

/** A rough count of elements computed, with the multiplications of matrix products. */
function work(program: Program): number {
  let total = 0;
  for (const { node, outputs } of program.steps) {
    for (const number of outputs) total += sizeOf(program.values[number]!.shape);
    if (node.operation.name === 'matmul' || node.operation.name === 'linear') {
      total += (sizeOf(node.inputs[0]!.shape) * node.outputs[0]!.shape.at(-1)!) / 8;
    }
  }
  return total;
}
