import { allocate, type HostArray } from '../dtype.ts';
import { ensure } from '../errors.ts';
import type { Executable } from '../runtime/index.ts';
import { sizeOf } from '../shape.ts';
import { loadProgram } from './executable-cache.ts';
import type { GraphValue } from './graph.ts';
import { isSafeInPlace } from './in-place.ts';
import { buildProgram, type Program } from './program.ts';

/** Computes the values and returns their elements. */
export async function evaluate(values: readonly GraphValue[]): Promise<HostArray[]> {
  return new CompiledGraph(values).run([]);
}

/** A graph that has been put in order once and can be run many times on whatever its leaves then hold. */
export class CompiledGraph {
  readonly #program: Program;
  #executable: Promise<Executable> | undefined;
  /** Answers of {@link isSafeInPlace}, by `leaf * outputs + output`. */
  readonly #safeInPlace = new Map<number, boolean>();

  constructor(outputs: readonly GraphValue[]) {
    this.#program = buildProgram(outputs);
  }

  /**
   * Runs the graph; `args` are handed to the leaves. Results go to the arrays of `into` where given, otherwise to new ones.
   * An array of `into` may be one that the graph also reads, such as a parameter to be updated.
   */
  async run(args: readonly HostArray[], into: readonly (HostArray | undefined)[] = []): Promise<HostArray[]> {
    const { leaves, outputs, values, checks } = this.#program;
    this.#executable ??= loadProgram(this.#program);
    const executable = await this.#executable;
    const inputs = leaves.map(({ value }) => checkLength(value, value.cached ?? value.node.feed!(args)));
    for (const { leaf, check } of checks) check(inputs[leaf]!);
    const results = outputs.map((number, i) => {
      const value = values[number]!;
      return into[i] ? checkLength(value, into[i]) : allocate(value.dtype, sizeOf(value.shape));
    });
    const given = new Set(into.map((array) => array?.buffer));
    const shared = inputs.flatMap((array, leaf) => (given.has(array.buffer) ? [{ array, leaf }] : []));
    const targets = results.map((result, i) =>
      into[i] && this.#isOverwrittenTooEarly(shared, result, i) ? result.slice() : result,
    );
    await executable.run(inputs, targets);
    targets.forEach((target, i) => {
      if (target !== results[i]) results[i]!.set(target);
    });
    return results;
  }

  /** Whether writing output `i` to `result` could destroy one of the inputs in its buffer while it is still to be read. */
  #isOverwrittenTooEarly(inputs: readonly { array: HostArray; leaf: number }[], result: HostArray, i: number): boolean {
    return inputs.some(({ array, leaf }) => {
      if (!overlap(array, result)) return false;
      if (array.byteOffset !== result.byteOffset || array.length !== result.length) return true;
      const question = leaf * this.#program.outputs.length + i;
      const safe = this.#safeInPlace.get(question) ?? isSafeInPlace(this.#program, leaf, i);
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

function checkLength(value: GraphValue, array: HostArray): HostArray {
  ensure(
    array.length === sizeOf(value.shape),
    () => `${value.name ?? 'a tensor'} of shape [${value.shape.join(', ')}] was given ${array.length} elements`,
  );
  return array;
}
