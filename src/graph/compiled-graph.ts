import { allocate, type HostArray } from '../core/dtype.ts';
import { ensure, TsgptError } from '../core/errors.ts';
import { type KnownLengths, resolveShape } from '../core/open-length.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import type { ConstantLeaves } from './constant-leaves.ts';
import type { GraphValue } from './graph.ts';
import { isSafeInPlace } from './in-place.ts';
import { type LoadedProgram, loadGraph } from './load-graph.ts';
import type { Program } from './program.ts';

/** Computes the values and returns their elements. */
export async function evaluate(values: readonly GraphValue[]): Promise<HostArray[]> {
  return new CompiledGraph(values).run([]);
}

/**
 * A graph that is ordered and loaded once and runs many times, each time on the current elements of its leaves. It runs on the runtime that was
 * current when it was loaded.
 */
export class CompiledGraph {
  readonly #outputs: readonly GraphValue[];
  readonly #constants: ConstantLeaves | undefined;
  #loaded: Promise<LoadedProgram> | undefined;
  /** Runs that have not finished; they keep the executable alive. */
  readonly #runs = new Set<Promise<unknown>>();
  #disposal: Promise<void> | undefined;
  /** Answers of {@link isSafeInPlace}, by `leaf * outputs + output`. */
  readonly #safeInPlace = new Map<number, boolean>();

  /** The leaves in `constants` are stored in the graph as they are at the first run; all others are read at each run. */
  constructor(outputs: readonly GraphValue[], constants?: ConstantLeaves) {
    this.#outputs = outputs;
    this.#constants = constants;
  }

  /** Loads the graph; otherwise the first run does. */
  async load(): Promise<void> {
    await this.#load();
  }

  /**
   * Frees the graph's memory once the runs that have begun are finished; later ones throw a TsgptError. Only for a graph with constants: others are
   * shared. Disposing again changes nothing.
   */
  async dispose(): Promise<void> {
    ensure(this.#constants, 'only a graph with constants of its own can be disposed of');
    this.#disposal ??= this.#dispose();
    await this.#disposal;
  }

  async #dispose(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = Promise.reject(new TsgptError('this model has been disposed of and cannot be run any more'));
    this.#loaded.catch(() => {});
    await Promise.allSettled(this.#runs);
    // A graph that failed to load needs no disposal; its callers got the error.
    await (await loaded?.catch(() => undefined))?.executable.dispose();
  }

  #load(): Promise<LoadedProgram> {
    if (this.#loaded) return this.#loaded;
    const loaded = loadGraph(this.#outputs, { constants: this.#constants });
    this.#loaded = loaded;
    // A failed load may succeed later, with another runtime.
    loaded.catch(() => {
      if (this.#loaded === loaded) this.#loaded = undefined;
    });
    return loaded;
  }

  /**
   * Runs the graph; the leaves get `args`. Results go to the arrays of `into` where given, otherwise to new ones. The graph may also read an array
   * of `into`, such as a parameter to update. `lengths` are the values of the graph's open lengths.
   */
  async run(
    args: readonly HostArray[],
    into: readonly (HostArray | undefined)[] = [],
    lengths: KnownLengths = {},
  ): Promise<HostArray[]> {
    const run = this.#run(args, into, lengths);
    this.#runs.add(run);
    try {
      return await run;
    } finally {
      this.#runs.delete(run);
    }
  }

  async #run(
    args: readonly HostArray[],
    into: readonly (HostArray | undefined)[],
    lengths: KnownLengths,
  ): Promise<HostArray[]> {
    const { program, executable } = await this.#load();
    const { leaves, outputs, values, checks } = program;
    const inputs = leaves.map(({ value }) => checkLength(value, value.cached ?? value.node.feed!(args), lengths));
    for (const { leaf, check } of checks) check(inputs[leaf]!);
    const results = outputs.map((number, i) => {
      const value = values[number]!;
      return into[i]
        ? checkLength(value, into[i], lengths)
        : allocate(value.dtype, sizeOf(resolveShape(value.shape, lengths)));
    });
    const given = new Set(into.map((array) => array?.buffer));
    const shared = inputs.flatMap((array, leaf) => (given.has(array.buffer) ? [{ array, leaf }] : []));
    const targets = results.map((result, i) =>
      into[i] && this.#isOverwrittenTooEarly(program, shared, result, i) ? result.slice() : result,
    );
    await executable.run(inputs, targets, lengths);
    targets.forEach((target, i) => {
      if (target !== results[i]) results[i]!.set(target);
    });
    return results;
  }

  /** Whether writing output `i` to `result` could overwrite an input in the same buffer before it is read. */
  #isOverwrittenTooEarly(
    program: Program,
    inputs: readonly { array: HostArray; leaf: number }[],
    result: HostArray,
    i: number,
  ): boolean {
    return inputs.some(({ array, leaf }) => {
      if (!overlap(array, result)) return false;
      if (array.byteOffset !== result.byteOffset || array.length !== result.length) return true;
      const question = leaf * program.outputs.length + i;
      const safe = this.#safeInPlace.get(question) ?? isSafeInPlace(program, leaf, i);
      this.#safeInPlace.set(question, safe);
      return !safe;
    });
  }
}

function overlap(a: HostArray, b: HostArray): boolean {
  return (
    a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength
  );
}

/** Returns `data`, which must have as many elements as `value`. */
export function checkLength<T extends { length: number }>(value: GraphValue, data: T, lengths: KnownLengths = {}): T {
  const shape = resolveShape(value.shape, lengths);
  ensure(
    data.length === sizeOf(shape),
    () => `${value.name ?? 'a tensor'} of shape ${formatShape(shape)} was given ${data.length} elements`,
  );
  return data;
}
